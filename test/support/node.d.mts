/** The text of a file of the project. */
export function readProjectFile(name: string): string;

/** Codes of what the project's linter says of a file of this source at this path. */
export function lintAs(file: string, source: string): string[];
