import { z } from "zod";
import { AUDITED, type AuditedAction } from "../../audit/audit";
import {
  countActive,
  type PagedQuery,
  readFilters,
  readRequest,
  words,
} from "../shared/list-query";

const shape = { q: words, actor: words, action: z.enum(AUDITED).optional() };
type Name = keyof typeof shape;
export const AUDIT_FILTERS = Object.keys(shape);

/** An AuditQuery is the audit log's parsed address. */
export interface AuditQuery extends PagedQuery<Name> {
  /** `target` is as typed: an id, an address or the name of a key. */
  target?: string;
  actor?: string;
  action?: AuditedAction;
}

export function readAuditQuery(params: URLSearchParams): AuditQuery {
  const { typed, values, problems } = readFilters(
    shape,
    { q: "list.tooLong", actor: "list.tooLong", action: "list.badAction" },
    params,
  );
  return {
    typed,
    problems,
    active: countActive(typed),
    target: values.q,
    actor: values.actor,
    action: values.action,
    request: readRequest(params, problems),
  };
}
