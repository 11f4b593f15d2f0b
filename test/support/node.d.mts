/** Returns the text of a file of the project. */
export function readProjectFile(name: string): string;

/** Returns the codes of what the project's linter says of this source at this path. */
export function lintAs(file: string, source: string): string[];
