import type { Context } from "hono";
import { Hono } from "hono";
import type { AppEnv } from "../../http/app-env";
// oxlint-disable import/default -- wrangler imports these files, which scripts/bundle.mjs writes, as their text
import styles from "../../../dist/console.css";
import script from "../../../dist/page.client.js";

/** Names a file by its content, so that browsers may keep it for good. */
function asset(name: string, extension: string, type: string, text: string) {
  return {
    path: `/assets/${name}-${fingerprint(text)}.${extension}`,
    ofAnyVersion: `/assets/:file{${name}-[0-9a-f]+\\.${extension}}`,
    type,
    text,
  };
}

/** Hashes with FNV-1a, because crypto's digests cannot be awaited while a module is evaluated. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

const stylesheet = asset("console", "css", "text/css; charset=utf-8", styles);
const pageScript = asset("page", "js", "text/javascript; charset=utf-8", script);

export const STYLESHEET_URL = stylesheet.path;
export const SCRIPT_URL = pageScript.path;

/** These routes serve the pages' stylesheet and script. */
export const assetRoutes = new Hono<AppEnv>({ strict: false });

for (const { path, ofAnyVersion, type, text } of [stylesheet, pageScript]) {
  assetRoutes.get(path, (c: Context) =>
    c.body(text, 200, {
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
    }),
  );
  // While two versions are deployed, a page of the other one may ask here; this version's file is
  // better than none.
  assetRoutes.get(ofAnyVersion, (c: Context) => c.body(text, 200, { "content-type": type }));
}
