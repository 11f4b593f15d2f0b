import type { Context } from "hono";
import { Hono } from "hono";
import type { AppEnv } from "../../http/app-env";
// oxlint-disable import/default -- wrangler imports these files as their text
import live from "../assets/live.client.js";
import page from "../assets/page.client.js";
import shortcuts from "../assets/shortcuts.client.js";
import times from "../assets/times.client.js";
import morphing from "../assets/morph.client.js";
import monitor from "../assets/task-monitor.client.js";
import common from "../assets/console.css";
import dashboard from "../assets/dashboard.css";
import people from "../assets/people.css";
import repair from "../assets/repair.css";
import sheet from "../assets/shortcuts.css";

/** A file under an address that changes with its content, so that browsers may keep it for good. */
function asset(name: string, extension: string, type: string, text: string) {
  return {
    path: `/assets/${name}-${fingerprint(text)}.${extension}`,
    ofAnyVersion: `/assets/:file{${name}-[0-9a-f]+\\.${extension}}`,
    type,
    text,
  };
}

/** FNV-1a; crypto's digests cannot be awaited while a module is evaluated. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Without its comments and indentation: a quarter of its weight. */
const compact = [common, dashboard, people, repair, sheet]
  .join("\n")
  .replaceAll(/\/\*.*?\*\//gs, "")
  .replaceAll(/\s+/g, " ")
  .replaceAll(/ ?([{};]) ?/g, "$1");

/**
 * Scripts as one file, each after those it imports, so that a page asks once; without their comments
 * and indentation.
 */
function bundle(...scripts: string[]): string {
  return scripts
    .join("\n")
    .replaceAll(/^import .*"\.\/\w+\.client\.js";$/gm, "")
    .replaceAll(/^export /gm, "")
    .replaceAll(/^\s*\/\*(?:(?!\*\/).)*\*\/\n/gms, "")
    .replaceAll(/^\s*\/\/.*\n/gm, "")
    .replaceAll(/^\s+/gm, "");
}

const stylesheet = asset("console", "css", "text/css; charset=utf-8", compact);
const pageScript = asset(
  "page",
  "js",
  "text/javascript; charset=utf-8",
  bundle(live, morphing, shortcuts, times, page),
);

export const STYLESHEET_URL = stylesheet.path;
export const SCRIPT_URL = pageScript.path;

/** The pages' stylesheet and script. */
export const assetRoutes = new Hono<AppEnv>({ strict: false });

for (const { path, ofAnyVersion, type, text } of [stylesheet, pageScript]) {
  assetRoutes.get(path, (c: Context) =>
    c.body(text, 200, {
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
    }),
  );
  // While two versions are deployed, a page of the other's may ask here: better this than none.
  assetRoutes.get(ofAnyVersion, (c: Context) => c.body(text, 200, { "content-type": type }));
}

/** `<task-monitor>`, for pages of any site. */
assetRoutes.get("/task-monitor.js", (c) =>
  c.body(bundle(live, monitor), 200, {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=3600",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
  }),
);
