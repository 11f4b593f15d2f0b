import { readProjectFile } from "./node.mjs";

const section = readProjectFile("wrangler.toml").split("[vars]")[1]?.split(/^\[/m)[0] ?? "";

/** The variables of wrangler.toml are production's. */
export const fileVariables: Record<string, string> = Object.fromEntries(
  [...section.matchAll(/^(\w+) = "(.*?)"/gm)].map(([, name, value]) => [name, value]),
);
