import { z } from "@hono/zod-openapi";
import { cutFilterText } from "../../http/filter-text";
import { nameMatcher } from "../../lib/fold";
import { MAX_NAME_CHARACTERS } from "../model/bounds";
import type { Engine } from "../model/engine";
import { moduleOf, TemplateView, toTemplateView } from "./template-view";
import { listTemplates } from "./templates";

export const TemplateQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().default("").openapi({ description: "Go on after this name" }),
  module: cutFilterText(MAX_NAME_CHARACTERS)
    .optional()
    .openapi({ description: "Case and accents do not matter" }),
});

export const TemplateList = z
  .object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.null(),
    results: z.array(TemplateView),
  })
  .openapi("TemplatePage");

/** Reads a page of templates, in order of name, for the request at `url`. */
export async function templatePage(
  env: Env,
  engine: Engine,
  { limit, after, module }: z.infer<typeof TemplateQuery>,
  url: string,
): Promise<z.infer<typeof TemplateList>> {
  const isAsked = nameMatcher(module);
  const { templates, more, count } = await listTemplates(env.DB, after, limit, (template) =>
    isAsked(moduleOf(template, engine)),
  );
  const results = templates.map((template) => toTemplateView(template, engine, env));
  const next = new URL(url);
  next.searchParams.set("after", results.at(-1)?.name ?? "");
  return { count, next: more ? next.href : null, previous: null, results };
}
