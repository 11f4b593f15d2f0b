/**
 * Tracked work brings texts of any length: what is not kept of them is cut, and none is refused.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { clearTasks } from "../../support/recount";
import { adminSession, expectBadParameter, expectProblem } from "../../support/api";
import { visit } from "../../support/console";
import { siteOf, someKeys } from "../../support/task-site";
import { programOf, someWork } from "../../support/tracked";

const site = siteOf();
const { tracker: key, viewer } = await someKeys();
const PATH = "/api/tasks/executions/";

beforeEach(clearTasks);

const { start, report } = programOf(site, key);
const tracebackOf = async (id: string) =>
  (await env.DB.prepare("SELECT error_traceback FROM tasks WHERE id = ?")
    .bind(id)
    .first<string>("error_traceback")) ?? null;

const MEGABYTES = 3;
const LONG = "línea de la traza\n".repeat((MEGABYTES * 1024 * 1024) / 19);
const TRACEBACK = `Traceback (most recent call last):\n${'  File "nomina.py", line 7, in sumar\n'.repeat(2000)}ZeroDivisionError: división por cero`;

describe("a failure of tracked work", () => {
  it.each([500, 501, 100_000])("with a message of %i characters is taken", async (length) => {
    const { id } = await start(someWork());
    const error_message = "e".repeat(length);
    const failed = await report(id, { status: "FAILURE", error_message });
    const kept = length === 500 ? error_message : `${"e".repeat(499)}…`;
    expect(failed).toMatchObject({ status: "FAILURE", error_code: "failed", error_message: kept });
  });

  it("with megabytes of message and traceback is taken", async () => {
    const { id } = await start(someWork());
    const failed = await report(id, {
      status: "FAILURE",
      error_message: LONG.slice(0, 100_000),
      error_traceback: LONG,
    });
    expect(failed).toMatchObject({ status: "FAILURE", error_message: expect.stringMatching(/…$/) });
    expect((await tracebackOf(id))?.length).toBe(16_000);
  });

  it("keeps the beginning of a long traceback, and of its end three times as much", async () => {
    const { id } = await start(someWork());
    await report(id, { status: "FAILURE", error_message: "no", error_traceback: TRACEBACK });
    const kept = (await tracebackOf(id)) ?? "";
    expect(kept.length).toBe(16_000);
    expect(kept).toMatch(/^Traceback \(most recent call last\):\n.*\n…\n.*por cero$/s);
    const [beginning = "", end = ""] = kept.split("\n…\n");
    expect(TRACEBACK.startsWith(beginning) && TRACEBACK.endsWith(end)).toBe(true);
    expect(end.length / beginning.length).toBeCloseTo(3, 1);
  });

  it("keeps a traceback that fits as it is, also as the lines Python makes of it", async () => {
    const lines = ["Traceback:\n", "  File x\n", "ValueError: ñ"];
    for (const error_traceback of [lines.join(""), lines]) {
      const { id } = await start(someWork());
      await report(id, { status: "FAILURE", error_message: lines, error_traceback });
      expect(await tracebackOf(id)).toBe(lines.join(""));
    }
  });

  it.each([
    ["an object for its message", { error_message: { code: 7 } }],
    ["no message", {}],
    ["null wherever nothing is", { error_message: null, error_traceback: null, result_data: null }],
    ["a step of null", { current_step: null, total_steps: null, step_number: null }],
    ["a percentage beyond 100", { progress_percentage: 140 }],
    ["a negative percentage", { progress_percentage: -1 }],
    ["more steps than there are", { step_number: 9, total_steps: 3 }],
    ["steps of none", { step_number: 1, total_steps: 0 }],
    ["half an emoji and NUL", { error_message: "a\ud83d\0b", error_traceback: "\0\udc00" }],
    ["empty texts", { error_message: "", error_traceback: "", current_step: "" }],
  ])("with %s is taken", async (_what, odd) => {
    const { id } = await start(someWork());
    const failed = await report(id, { status: "FAILURE", ...odd });
    expect(failed).toMatchObject({ status: "FAILURE", error_code: "failed" });
    expect(failed.progress_percentage).toBeGreaterThanOrEqual(0);
    expect(failed.progress_percentage).toBeLessThanOrEqual(100);
  });

  it("shows its traceback on its page as text, folded", async () => {
    const { id } = await start(someWork());
    const error_traceback = 'Traceback:\n  <script>alert("x")</script> & más';
    await report(id, { status: "FAILURE", error_message: "no", error_traceback });
    const page = await visit(`/admin/tasks/${id}`, { cookie: await adminSession() });
    const html = await page.text();
    expect(html).toMatch(/<details><summary>Traceback<\/summary><pre [^>]*><code>Traceback:\n/);
    expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; más");
    expect(html).not.toContain("<script>alert");
  });
});

describe("texts of tracked work", () => {
  it("have a step of 500 characters whole, and a longer one cut", async () => {
    const { id } = await start(someWork());
    const step = "p".repeat(500);
    expect((await report(id, { current_step: step }))["current_step"]).toBe(step);
    expect((await report(id, { current_step: `${step}q` }))["current_step"]).toBe(
      `${"p".repeat(499)}…`,
    );
  });

  it("count an emoji as one character: 500 are kept whole, of more 499", async () => {
    const emoji = "💥".repeat(500);
    const task = await start(someWork({ description: emoji }));
    expect(task["description"]).toBe(emoji);
    expect((await report(task.id, { current_step: emoji }))["current_step"]).toBe(emoji);
    const cut = `${"💥".repeat(499)}…`;
    expect((await report(task.id, { current_step: `${emoji}a` }))["current_step"]).toBe(cut);
    const error_traceback = "💥".repeat(16_000);
    const end = { status: "FAILURE", error_message: `${emoji}💥`, error_traceback };
    const failed = await report(task.id, end);
    expect(failed).toMatchObject({ error_message: cut, error_traceback });
  });

  it("of emoji are names too: cut at 100, counted, and asked for by what was kept", async () => {
    const name = "🧾".repeat(100);
    const task = await start(someWork({ task_name: `${name}🧾`, task_module: name }));
    const kept = `${"🧾".repeat(99)}…`;
    expect(task).toMatchObject({ task_name: kept, task_module: name });
    const module = encodeURIComponent(name);
    expect(await site.get(`/api/tasks/stats/?module=${module}`, { key: viewer })).toMatchObject({
      total_tasks: 1,
      by_task_name: { [kept]: 1 },
    });
    const list = `${PATH}?task_module=${module}&task_name=${encodeURIComponent(kept)}`;
    expect(await site.get(list, { key: viewer })).toMatchObject({ results: [{ id: task.id }] });
  });

  it("of emoji are as much of a result as of letters", async () => {
    const fits = "💥".repeat(63_998); // The text fits with its quotes.
    const { id } = await start(someWork({ context_data: fits }));
    expect(await report(id, { status: "SUCCESS", result_data: `${fits}💥` })).toMatchObject({
      context_data: fits,
      result_data: { too_large: true, characters: 64_001, beginning: `"${"💥".repeat(998)}…` },
    });
  });

  it("have names cut, under which they are counted", async () => {
    const name = "n".repeat(300_000);
    const task = await start(
      someWork({ task_name: name, task_module: `m${name}`, description: LONG }),
    );
    expect(task).toMatchObject({
      task_name: `${"n".repeat(99)}…`,
      task_module: `m${"n".repeat(98)}…`,
      description: expect.stringMatching(/^línea.*…$/s),
    });
    await report(task.id, { status: "SUCCESS" });
    const counted = await env.DB.prepare("SELECT name, module, success FROM task_counts").first();
    expect(counted).toEqual({ name: task.task_name, module: task["task_module"], success: 1 });
  });

  it("are kept without half characters and NUL, which no database takes", async () => {
    const odd = "a\ud83d b\0c";
    const task = await start(
      someWork({
        task_name: odd,
        task_module: odd,
        description: odd,
        user: odd,
        context_data: [odd],
      }),
    );
    const clean = "a\ufffd b\ufffdc";
    expect(task).toMatchObject({ task_name: clean, task_module: clean, description: clean });
    const told = await report(task.id, { current_step: odd });
    expect(told["current_step"]).toBe(clean);
  });

  it("have an id of up to 255 characters, which is found and never cut", async () => {
    for (const task_id of ["í".repeat(255), "💥".repeat(255)]) {
      const { id } = await start(someWork({ task_id }));
      expect(await report(task_id, { progress_percentage: 5 })).toMatchObject({ id, task_id });
      const search = `${PATH}?search=${encodeURIComponent(task_id)}`;
      expect(await site.get(search, { key: viewer })).toMatchObject({ results: [{ id }] });
    }
    for (const wrong of ["í".repeat(256), "💥".repeat(256), "a\0b"]) {
      const refused = await site.ask("POST", PATH, { key, body: someWork({ task_id: wrong }) });
      await expectBadParameter(refused, "task_id");
    }
  });
});

describe("a body of tracked work", () => {
  it("over 4 MiB is refused, and says so", async () => {
    const { id } = await start(someWork());
    const body = { status: "FAILURE", error_message: "x".repeat(4 * 1024 * 1024) };
    const refused = await site.ask("PATCH", PATH + id, { key, body });
    const { detail } = await expectProblem(refused, 413, "body_too_large");
    expect(detail).toContain("4194304 bytes");
  });

  it.each([
    ["numbers", JSON.stringify({ result_data: Array.from({ length: 140_000 }, () => 1) })],
    ["brackets", `{"result_data":${"[".repeat(300_000)}`],
    ["empty texts", JSON.stringify({ result_data: Array.from({ length: 140_000 }, () => "") })],
  ])("beside its long texts is as bounded as any: %s", async (_what, body) => {
    const { id } = await start(someWork());
    const refused = await site.ask("PATCH", PATH + id, { key, body });
    const { detail } = await expectProblem(refused, 413, "body_too_large");
    expect(detail).toContain("262144 bytes");
  });

  it("with quotes and backslashes in a long text is taken", async () => {
    const { id } = await start(someWork());
    const error_message = '\\"{[\\\\'.repeat(200_000);
    await report(id, { status: "FAILURE", error_message });
  });

  it("is not read of strangers", async () => {
    const body = { error_message: "x".repeat(300_000) };
    await expectProblem(await site.ask("PATCH", `${PATH}1`, { body }), 401, "unauthorized");
    const refused = await site.ask("PATCH", `${PATH}1`, { key: viewer, body });
    await expectProblem(refused, 403, "forbidden");
  });
});
