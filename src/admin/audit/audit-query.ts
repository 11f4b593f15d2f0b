import { z } from "zod";
import { AUDITED, type AuditedAction } from "../../audit/audit";
import type { PageRequest } from "../../http/paging";
import { PAGE_ROWS, type Problems, readFilters, readPosition, words } from "../shared/list-query";

const shape = { q: words, actor: words, action: z.enum(AUDITED).optional() };
type Name = keyof typeof shape;
export const AUDIT_FILTERS = Object.keys(shape);

/** The audit log's address, see TaskQuery. */
export interface AuditQuery {
  typed: Record<Name, string>;
  problems: Problems<Name>;
  active: number;
  /** As typed: an id, an address or the name of a key. */
  target?: string;
  actor?: string;
  action?: AuditedAction;
  request: PageRequest;
}

export function readAuditQuery(params: URLSearchParams): AuditQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", actor: "list.tooLong", action: "list.badAction" },
    params,
  );
  const cursor = readPosition(params);
  if (cursor === undefined) {
    problems.cursor = "list.badCursor";
  }
  return {
    typed,
    problems,
    active: [typed.actor, typed.action].filter((text) => text !== "").length,
    target: values.q,
    actor: values.actor,
    action: values.action,
    request: { limit: PAGE_ROWS, cursor: cursor ?? null },
  };
}
