/** This file finds what README.md and docs say about the project that the project contradicts. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./tools.mjs";

/**
 * MAX_WORDS limits the README, code and tables included, so that a newcomer reads it in five
 * minutes.
 */
const MAX_WORDS = 1400;
const FOLDERS = ["src", "test", "scripts", "bench", "migrations"];

/** Returns a sentence per problem. */
export function documentProblems() {
  const docs = readdirSync(path.join(root, "docs")).filter((name) => name.endsWith(".md"));
  const texts = new Map(["README.md", ...docs.map((name) => `docs/${name}`)].map(withText));
  const words = texts.get("README.md").trim().split(/\s+/).length;
  const files = [".", ...FOLDERS].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: folder !== "." }).map(
      (file) => `${folder}/${file.replaceAll(path.sep, "/")}`,
    ),
  );
  return [
    ...(words > MAX_WORDS ? [`README.md has ${words} words, over ${MAX_WORDS}`] : []),
    ...[...texts].flatMap(([name, text]) => [
      ...brokenLinks(name, text),
      ...missingFiles(text, files).map((file) => `${name} names ${file}, which is not there`),
    ]),
    ...variables()
      .filter((name) => !texts.get("docs/deployment.md").includes(`\`${name}\``))
      .map((name) => `docs/deployment.md lacks the variable ${name}`),
  ];
}

function withText(name) {
  return [name, readFileSync(path.join(root, name), "utf8")];
}

/** Returns broken links to files of the project, and to headings of its documents. */
function brokenLinks(name, text) {
  const links = [...text.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)];
  return links.flatMap(([link, to, heading]) => {
    const target = to === "" ? name : path.join(path.dirname(name), to);
    const leads =
      existsSync(path.join(root, target)) &&
      (heading === undefined || headingsOf(withText(target)[1]).includes(heading));
    return leads ? [] : [`${name} has a link that leads nowhere: ${link.slice(1)}`];
  });
}

/** Returns a document's headings by the anchors that GitHub gives them. */
function headingsOf(text) {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/**
 * Returns the named files that do not exist. A path may be the beginning of several; a bare name
 * may be in any folder.
 */
function missingFiles(text, files) {
  const paths = text.match(new RegExp(`\\b(${FOLDERS.join("|")})/[\\w./-]*\\w`, "g")) ?? [];
  const names = [...text.matchAll(/`([\w.-]+\.(?:ts|tsx|mjs))`/g)].map(([, file]) => file);
  return [
    ...paths.filter((each) => !files.some((file) => file.startsWith(each))),
    ...names.filter((each) => !files.some((file) => file.endsWith(`/${each}`))),
  ];
}

/** Returns the names of the variables in wrangler.toml. */
function variables() {
  const [, section = ""] = withText("wrangler.toml")[1].split(/^\[vars\]$/m);
  return [...section.split(/^\[/m)[0].matchAll(/^(\w+) =/gm)].map(([, name]) => name);
}
