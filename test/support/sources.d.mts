/** The text of every TypeScript file of src, by its path below it. */
export function readSources(): Map<string, string>;
