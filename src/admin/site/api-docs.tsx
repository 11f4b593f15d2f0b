import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { siteWords } from "./words";

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
}

/** An Operation is what the page tells of an operation of the OpenAPI document. */
export interface Operation {
  method: string;
  path: string;
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description?: string }>;
}

export function ApiDocsPage({ view, operations }: { view: View; operations: Operation[] }) {
  const t = siteWords(view);
  return (
    <Layout view={view} title={t("docs.title")}>
      <h1>{t("docs.title")}</h1>
      <p>{t("docs.intro")}</p>
      <p>
        <a href="/api/openapi.json">{t("docs.document")}</a>
      </p>
      {operations.map((operation) => (
        <OperationSection view={view} operation={operation} />
      ))}
    </Layout>
  );
}

function OperationSection({ view, operation }: { view: View; operation: Operation }) {
  const t = siteWords(view);
  const { method, path, summary, description, parameters = [], requestBody } = operation;
  const { responses = {} } = operation;
  const bodies = Object.entries(requestBody?.content ?? {});
  return (
    <section class="operation">
      <h2>
        <code>
          {method} {path}
        </code>
      </h2>
      <p>{summary}</p>
      {description !== undefined && <p>{description}</p>}
      {parameters.length > 0 && (
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">{t("docs.parameter")}</th>
              <th scope="col">{t("docs.where")}</th>
              <th scope="col">{t("docs.values")}</th>
            </tr>
          </thead>
          <tbody>
            {parameters.map(({ name, in: where, required, schema }) => (
              <tr>
                <td data-label={t("docs.parameter")}>
                  <code>{name}</code>
                  {required && ` (${t("docs.required")})`}
                </td>
                <td data-label={t("docs.where")}>{where}</td>
                <td data-label={t("docs.values")}>{valuesOf(schema)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {bodies.map(([type, { schema }]) => (
        <details>
          <summary>
            {t("docs.body")} <code>{type}</code>
          </summary>
          <pre>{JSON.stringify(schema, null, 2)}</pre>
        </details>
      ))}
      <dl class="facts">
        {Object.entries(responses).map(([status, { description }]) => (
          <div>
            <dt>{status}</dt>
            <dd>{description}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function valuesOf(schema: Schema = {}): string {
  const { type, enum: values, minimum, maximum } = schema;
  if (values) {
    return values.map(String).join(", ");
  }
  const range = minimum !== undefined && maximum !== undefined ? ` ${minimum}–${maximum}` : "";
  return `${[type].flat().filter(Boolean).join(", ")}${range}`;
}
