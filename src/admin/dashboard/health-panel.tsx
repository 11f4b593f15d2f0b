import { CATALOGUE_WAITING, REGISTRY_UNAVAILABLE } from "../../orders/order/errors";
import { type Finding, isGrave } from "./health";
import type { QueueView } from "../queues/read-queues";
import { usedShare } from "../../db/storage";
import { formatBytes, formatCount, formatDuration, formatShare } from "../shared/format";
import type { View } from "../shared/view";
import { said } from "../shared/components/live-region";
import { dashboardWords } from "./words";

const WAITING_FOR_CATALOGUE = `/admin/tasks?status=RETRY&code=${CATALOGUE_WAITING}`;
const WAITING_FOR_REGISTRY = `/admin/tasks?status=RETRY&code=${REGISTRY_UNAVAILABLE}`;
const FAILED_FOR_PRODUCT = "/admin/tasks?code=catalogue_failed";

interface HealthProps {
  view: View;
  findings: readonly Finding[];
  queues: readonly QueueView[];
}

/** Says whether all is well; if not, what to do about it and where. */
export function HealthPanel({ view, findings, queues }: HealthProps) {
  const t = dashboardWords(view);
  const level = findings.some(isGrave) ? "bad" : findings.length > 0 ? "wait" : "good";
  const title = t(
    level === "bad" ? "health.bad" : level === "wait" ? "health.attention" : "health.good",
  );
  const sentence = [title, ...findings.map((finding) => wordsOf(view, finding).text)].join(". ");
  return (
    <section
      class={`health is-${level}`}
      id="health"
      aria-labelledby="health-title"
      {...said(sentence, findings.map(keyOf).join(" "))}
    >
      <h2 id="health-title">{title}</h2>
      {findings.length === 0 ? (
        <p>{t(`health.${activityOf(queues)}`)}</p>
      ) : (
        <ul>
          {findings.map((finding) => (
            <FindingItem view={view} finding={finding} />
          ))}
        </ul>
      )}
    </section>
  );
}

function activityOf(queues: readonly QueueView[]) {
  const has = (...states: QueueView["state"][]) =>
    queues.some(({ state }) => states.includes(state));
  return has("working", "due") ? "working" : has("waiting") ? "waiting" : "idle";
}

/**
 * Returns a key that stays the same while a finding's figures change, so that it is announced once.
 */
function keyOf(finding: Finding): string {
  const { kind } = finding;
  const about =
    kind === "stalled"
      ? finding.backlog.queue
      : kind === "paused"
        ? finding.pause.queue
        : kind === "silent"
          ? finding.worker
          : "";
  return `${kind}:${about}`;
}

function FindingItem({ view, finding }: { view: View; finding: Finding }) {
  const t = dashboardWords(view);
  const { text, href } = wordsOf(view, finding);
  return (
    <li class={isGrave(finding) ? "is-bad" : "is-wait"} data-key={keyOf(finding)}>
      <strong>{text}</strong> {t(`health.${finding.kind}.do`)}{" "}
      <a href={href}>{t(`health.${finding.kind}.link`)}</a>
    </li>
  );
}

/** Returns what was found, with its figures, and the page to go to. */
function wordsOf(view: View, finding: Finding): { text: string; href: string } {
  const { language } = view;
  const t = dashboardWords(view);
  const count = (value: number, capped = false) =>
    formatCount(language, value) + (capped ? "+" : "");
  const ago = (ms: number) => formatDuration(view, ms / 1000);
  const percent = (share: number) => formatShare(view, share);
  switch (finding.kind) {
    case "storageFull":
    case "storageShort":
    case "storageFilling":
    case "registryFilling": {
      const { kind, storage } = finding;
      const values = {
        share: percent(usedShare(storage)),
        size: formatBytes(view, storage.bytes),
        limit: formatBytes(view, storage.limit),
      };
      return { text: t(`health.${kind}`, values), href: "/admin/tasks" };
    }
    case "stalled": {
      const { backlog, oldestMs } = finding;
      const values = {
        queue: backlog.queue,
        due: count(backlog.due, backlog.capped),
        age: ago(oldestMs),
      };
      return { text: t("health.stalled", values), href: "/admin/queues" };
    }
    case "silent":
      return {
        text: t("health.silent", { worker: finding.worker, age: ago(finding.sinceMs) }),
        href: "#workers",
      };
    case "failures": {
      const { share, failed, normal } = finding;
      const values = { failed: count(failed), share: percent(share) };
      return {
        text:
          normal === null
            ? t("health.failures.many", values)
            : t("health.failures", { ...values, normal: percent(normal) }),
        href: "/admin/tasks?status=FAILURE",
      };
    }
    case "catalogueDown": {
      const { sinceMs, why, waiting, capped } = finding;
      const values = { age: ago(sinceMs), why, waiting: count(waiting, capped) };
      return { text: t("health.catalogueDown", values), href: WAITING_FOR_CATALOGUE };
    }
    case "sickProducts": {
      const { sinceMs, products, why } = finding;
      const more = finding.count > products.length ? "…" : "";
      const values = {
        age: ago(sinceMs),
        count: count(finding.count),
        products: products.join(", ") + more,
        why,
      };
      return { text: t("health.sickProducts", values), href: FAILED_FOR_PRODUCT };
    }
    case "catalogue":
    case "registryDown":
      return {
        text: t(`health.${finding.kind}`, { waiting: count(finding.waiting, finding.capped) }),
        href: finding.kind === "catalogue" ? WAITING_FOR_CATALOGUE : WAITING_FOR_REGISTRY,
      };
    case "deadLetters":
      return {
        text: t("health.deadLetters", { count: count(finding.count) }),
        href: "/admin/dead-letters",
      };
    case "paused": {
      const { pause, held, capped } = finding;
      const values = { queue: pause.queue, held: count(held, capped) };
      return { text: t("health.paused", values), href: "/admin/queues" };
    }
    case "resends":
      return { text: t("health.resends", { count: count(finding.count) }), href: "/admin/queues" };
    default:
      return finding satisfies never;
  }
}
