import { expect, it } from "vitest";
import { lintAs } from "../support/node.mjs";
import { readSources } from "../support/sources.mjs";

const RESTRICTED = "eslint(no-restricted-imports)";

it.each([
  [`import { MAX_LINES } from "../orders/order";\nconsole.log(MAX_LINES);\n`],
  [`import type { Stage } from "../orders/order";\nexport const stage: Stage = "price";\n`],
  [`export { MAX_LINES } from "../orders/order";\n`],
  [`export * from "../orders/order";\n`],
  [`import { start } from "../exports/task";\nconsole.log(start);\n`],
  [`import { hubOf } from "../live/hub";\nconsole.log(hubOf);\n`],
])("forbids the engine to know what it processes: %j", (source) => {
  expect(lintAs("src/tasks/probe.ts", source)).toEqual([RESTRICTED]);
});

it("forbids it in deeper folders of the engine too", () => {
  const source = `import { MAX_LINES } from "../../orders/order";\nconsole.log(MAX_LINES);\n`;
  expect(lintAs("src/tasks/deeper/probe.ts", source)).toEqual([RESTRICTED]);
});

it.each([
  ["model/probe.ts", "../reading/list"],
  ["reading/probe.ts", "../commands/actions"],
  ["recovery/probe.ts", "../running/consumer"],
  ["running/probe.ts", "../api/run-routes"],
  ["running/probe.ts", "../../orders/order"],
])("keeps the rooms of the engine in one direction: %s imports nothing of %s", (file, from) => {
  const source = `import { a } from "${from}";\nconsole.log(a);\n`;
  expect(lintAs(`src/tasks/${file}`, source)).toEqual([RESTRICTED]);
});

it.each([
  ["reading/probe.ts", "../model/states"],
  ["running/probe.ts", "../accepting/sending"],
  ["api/probe.ts", "../commands/actions"],
])("lets a room use those below it: %s imports %s", (file, from) => {
  const source = `import { a } from "${from}";\nconsole.log(a);\n`;
  expect(lintAs(`src/tasks/${file}`, source)).toEqual([]);
});

it("lets orders use the engine", () => {
  const source = `import type { Outcome } from "../tasks/define";\nexport const outcome: Outcome = { kind: "done" };\n`;
  expect(lintAs("src/orders/probe.ts", source)).toEqual([]);
});

it("keeps the domains apart: orders know nothing of exports", () => {
  const source = `import { start } from "../exports/task";\nconsole.log(start);\n`;
  expect(lintAs("src/orders/probe.ts", source)).toEqual([RESTRICTED]);
});

it.each([
  ["src/tasks/probe.ts", "../task-manager/sight"],
  ["src/orders/probe.ts", "../task-manager/sight"],
  ["src/admin/probe.ts", "../task-manager/sight"],
  ["src/probe.ts", "./task-manager/sight"],
  ["src/task-manager/probe.ts", "../orders/order"],
  ["src/task-manager/probe.ts", "../db/retry"],
  ["src/task-manager/probe.ts", "../lib/fold"],
])("keeps the old program's routes apart: %s imports nothing of %s", (file, from) => {
  expect(lintAs(file, `import { a } from "${from}";\nconsole.log(a);\n`)).toEqual([RESTRICTED]);
});

it.each([
  ["src/app.ts", "./task-manager/routes"],
  ["src/task-manager/probe.ts", "../tasks/list"],
  ["src/task-manager/probe.ts", "../auth/caller"],
  ["src/task-manager/probe.ts", "../http/paging"],
  ["src/task-manager/probe.ts", "./sight"],
])("lets %s import %s", (file, from) => {
  expect(lintAs(file, `import { a } from "${from}";\nconsole.log(a);\n`)).toEqual([]);
});

it("lets src/index.ts wire them", () => {
  const source = `import { MAX_LINES } from "./orders/order";\nimport { OPEN } from "./tasks/states";\nconsole.log(MAX_LINES, OPEN);\n`;
  expect(lintAs("src/index.ts", source)).toEqual([]);
});

it("asks for Durable Objects in one file, which says where they are made", () => {
  const asking = [...readSources()].filter(([, text]) => /\.(getByName|idFromName)\(/.test(text));
  expect(asking.map(([file]) => file)).toEqual(["object-of.ts"]);
});

it("describes routes in one way, which refuses the names they do not know", () => {
  const describing = [...readSources()].filter(([, text]) =>
    /import \{[^}]*\bcreateRoute\b[^}]*\} from "@hono\/zod-openapi"/.test(text),
  );
  expect(describing.map(([file]) => file)).toEqual(["http/route.ts"]);
});

/** Returns the files whose imports lead back to themselves, types included. */
function inCircles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(imports);
  const isLeaf = (file: string) => !(left.get(file) ?? []).some((each) => left.has(each));
  for (let leaves = [""]; leaves.length > 0;) {
    leaves = [...left.keys()].filter(isLeaf);
    leaves.forEach((file) => left.delete(file));
  }
  return [...left.keys()];
}

/** Returns the imports of src, file by file. */
function readImports(): Map<string, string[]> {
  const sources = readSources();
  const importsOf = (file: string, text: string) =>
    [...text.matchAll(/(?:from |import\()"(\.[^"]+)"/g)].flatMap(([, to = ""]) => {
      const { pathname } = new URL(to, `file:///${file}`);
      const path = pathname.slice(1);
      return [path, `${path}.ts`, `${path}.tsx`].filter((each) => sources.has(each));
    });
  return new Map([...sources].map(([file, text]) => [file, importsOf(file, text)]));
}

/** Returns folders, by `depth` names of a file's path, with those they import. */
function importsOfFolders(files: ReadonlyMap<string, readonly string[]>, depth: number) {
  const folderOf = (file: string) => file.split("/").slice(0, depth).join("/");
  const folders = new Map<string, string[]>();
  for (const [file, imports] of files) {
    const others = imports.map(folderOf).filter((each) => each !== folderOf(file));
    folders.set(folderOf(file), [...(folders.get(folderOf(file)) ?? []), ...others]);
  }
  return folders;
}

it("has no folders of src that import each other in a circle", () => {
  const folders = importsOfFolders(readImports(), 1);
  expect(folders.get("orders")).toContain("tasks");
  expect(inCircles(folders)).toEqual([]);
});

it("has no features of the console that import each other in a circle, nor any that shared knows", () => {
  const ofFeatures = [...readImports()].filter(([file]) => /^admin\/.+\//.test(file));
  const features = importsOfFolders(new Map(ofFeatures), 2);
  expect(features.get("admin/bulk")).toEqual(
    expect.arrayContaining(["admin/tasks", "admin/shared"]),
  );
  expect(inCircles(features)).toEqual([]);
});

it("has no files that import each other in a circle, but that a task is handed its engine", () => {
  const imports = readImports();
  expect(imports.get("tasks/model/define.ts")).toContain("tasks/model/engine.ts");
  expect(inCircles(imports)).toContain("tasks/model/define.ts");
  const others = (imports.get("tasks/model/define.ts") ?? []).filter(
    (to) => to !== "tasks/model/engine.ts",
  );
  expect(inCircles(imports.set("tasks/model/define.ts", others))).toEqual([]);
});

/**
 * These files may read the clock besides routes and Durable Objects: a request calls some directly,
 * and another has a figure of the console.
 */
const READ_THE_CLOCK = new Set(["actions.ts", "ingest.ts", "registry.ts"]);

it("gives time and chance as arguments to the engine and the orders, which decide by them", () => {
  // A parameter's default, or an option's, is an argument too.
  const asArgument =
    /(?<!const |let )\b(?:now|at) = Date\.now\(\)|options\.now \?\? Date\.now\(\)/g;
  const reading = [...readSources()].filter(
    ([file, text]) =>
      /^(tasks|orders)\//.test(file) &&
      !/(\.do|routes)\.tsx?$/.test(file) &&
      /Date\.now|new Date\(\)|Math\.random/.test(text.replaceAll(asArgument, "")),
  );
  expect(new Set(reading.map(([file]) => file.split("/").at(-1)))).toEqual(READ_THE_CLOCK);
});
