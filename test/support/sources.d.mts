/** Returns the text of every TypeScript file of src, by its path below src. */
export function readSources(): Map<string, string>;
