import { Hono } from "hono";
import { can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { readCursor } from "../../http/paging";
import { DEAD_LETTER_CODES } from "../../tasks/running/dead-letters";
import type { Engine } from "../../tasks/model/engine";
import { factsOf } from "../../tasks/reading/execution";
import { listTasks } from "../../tasks/reading/list";
import { getInputs } from "../../tasks/model/queries";
import { DeadLettersPage } from "./dead-letters";
import { renderPage } from "../shared/render";
import { allowedActions } from "../../tasks/commands/doable";
import { viewOf } from "../shared/view";

const LETTERS_ON_PAGE = 20;

/** The dead letters, messages that nobody will run, are mounted at /admin/dead-letters. */
export function deadLetterPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:read"));

  routes.get("/", async (c) => {
    const view = viewOf(c);
    const cursor = readCursor(view.url.searchParams.get("cursor"));
    const discarded = view.url.searchParams.get("discarded") === "yes";
    const filter = { status: "FAILURE", codes: DEAD_LETTER_CODES, discarded } as const;
    const page = await listTasks(c.env.DB, filter, { limit: LETTERS_ON_PAGE, cursor });
    const ids = page.rows.map(({ id }) => id);
    const inputs = await getInputs(c.env.DB, ids);
    const caller = assertCaller(c.var.caller);
    const letters = page.rows.map((task) => ({
      task: factsOf(task, engine),
      input: inputs.get(task.id) ?? "null",
      actions: allowedActions(task, engine, caller),
    }));
    const mayAct = can(caller, "tasks:write");
    return renderPage(c, <DeadLettersPage {...{ view, page, letters, discarded, mayAct }} />);
  });
  return routes;
}
