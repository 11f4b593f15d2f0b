import type { Page } from "../../http/paging";
import type { Notification } from "../../tasks/reading/notifications";
import { EmptyState } from "../shared/components/empty-state";
import { LiveRegion, said } from "../shared/components/live-region";
import { Pager } from "../shared/components/pager";
import { Time } from "../shared/components/time";
import { formatCount } from "../shared/format";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { notificationsWords } from "./words";

interface NotificationsPageProps {
  view: View;
  /** `user` is the person whose tasks they are about, as tasks store it. */
  user: string;
  /** `unread` is null on further pages, which show only read notifications. */
  unread: Page<Notification> | null;
  read: Page<Notification>;
  /** `describe` says what a task does, by its name. */
  describe: (name: string) => string;
}

export function NotificationsPage(props: NotificationsPageProps) {
  const { view, user, unread, read, describe } = props;
  const { language } = view;
  const t = notificationsWords(view);
  const waiting = unread?.rows ?? [];
  const count = (page: Page<unknown>) =>
    formatCount(language, page.total.count) + (page.total.capped ? "+" : "");
  const title = unread ? t("bell.unreadTitle", { count: count(unread) }) : "";
  return (
    <Layout view={view} title={t("nav.notifications")}>
      <LiveRegion view={view} about={{ user }} open={unread !== null} summary>
        <div class="heading">
          <h1>{t("nav.notifications")}</h1>
          {waiting.length > 0 && (
            <form class="actions" method="post" action="/admin/notifications/read">
              <button class="button" name="all" value="1">
                {t("bell.readAll")}
              </button>
            </form>
          )}
        </div>
        {waiting.length === 0 && read.rows.length === 0 && read.next === null && (
          <EmptyState title={t("bell.noneTitle")} text={t("bell.none")} />
        )}
        {unread && waiting.length > 0 && (
          <section aria-labelledby="unread">
            <h2 id="unread" {...said(title)}>
              {title}
            </h2>
            <ol class="notes">
              {waiting.map((row) => (
                <Item view={view} row={row} describe={describe} />
              ))}
            </ol>
            {unread.next !== null && (
              <p class="note">{t("bell.more", { count: formatCount(language, waiting.length) })}</p>
            )}
          </section>
        )}
        {(read.rows.length > 0 || read.next !== null) && (
          <section aria-labelledby="read">
            <h2 id="read">{t("bell.readTitle")}</h2>
            <ol class="notes">
              {read.rows.map((row) => (
                <Item view={view} row={row} describe={describe} />
              ))}
            </ol>
            <Pager view={view} page={read} />
          </section>
        )}
      </LiveRegion>
    </Layout>
  );
}

interface ItemProps {
  view: View;
  row: Notification;
  describe: (name: string) => string;
}

function Item({ view, row, describe }: ItemProps) {
  const { language } = view;
  const t = notificationsWords(view);
  const { id, type, count, message, template, task_name: name } = row;
  const task = `/admin/tasks/${encodeURIComponent(row.task_id)}`;
  return (
    <li class={`is-${type}`} data-key={id}>
      <span class="sort">{t(`bell.${type}`)}</span>
      <span class="what">
        <a href={task}>
          <bdi>{template ?? describe(name)}</bdi>
        </a>
        {count > 1 && (
          <span class="note"> {t("bell.folded", { count: formatCount(language, count) })}</span>
        )}
        {message !== null && message !== "" && (
          <p>
            <bdi>{message}</bdi>
          </p>
        )}
      </span>
      <Time at={row.updated_at} />
      {row.read_at === null && (
        <form method="post" action="/admin/notifications/read">
          <input type="hidden" name="id" value={id} />
          <button class="plain">
            {t("bell.read")}
            <span class="unseen"> {template ?? describe(name)}</span>
          </button>
        </form>
      )}
    </li>
  );
}
