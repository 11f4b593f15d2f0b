import type { SessionRow } from "../../auth/sessions/session-list";
import type { View } from "../shared/view";
import { Time } from "../shared/components/time";
import { peopleWords } from "./words";

interface SessionTableProps {
  view: View;
  sessions: readonly SessionRow[];
  /** `own` is the id of the session of this request. */
  own: string | null;
  /** `actionOf` returns the address to which a form posts to end a session. */
  actionOf: (session: SessionRow) => string;
}

/**
 * Lists open sessions. The request's own is marked and has no button, since signing out ends it.
 */
export function SessionTable({ view, sessions, own, actionOf }: SessionTableProps) {
  const t = peopleWords(view);
  if (sessions.length === 0) {
    return <p class="note">{t("people.noSessions")}</p>;
  }
  return (
    <table class="rows sessions">
      <caption class="unseen">{t("people.sessionsCaption")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("people.device")}</th>
          <th scope="col">{t("people.address")}</th>
          <th scope="col">{t("people.signedInAt")}</th>
          <th scope="col">{t("people.expires")}</th>
          <th scope="col">
            <span class="unseen">{t("list.action")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr>
            <th scope="row" data-label={t("people.device")}>
              <bdi class="device">{session.userAgent || t("people.unknownDevice")}</bdi>
            </th>
            <td data-label={t("people.address")} class="tight">
              {session.ipAddress}
            </td>
            <td data-label={t("people.signedInAt")}>
              <Time at={session.createdAt} />
            </td>
            <td data-label={t("people.expires")}>
              <Time at={session.expiresAt} />
            </td>
            <td class="act corner">
              {session.id === own ? (
                <span class="badge is-success">{t("people.thisSession")}</span>
              ) : (
                <form method="post" action={actionOf(session)}>
                  <button class="button">{t("people.revoke")}</button>
                </form>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
