type Kind = "value" | "list" | "switch";
type Flags<Known extends Record<string, Kind>> = {
  [Name in keyof Known]?: { value: string; list: string[]; switch: true }[Known[Name]];
};

export function readFlags<const Known extends Record<string, Kind>>(
  argv: readonly string[],
  known: Known,
): { flags: Flags<Known>; rest: string[] };
export function readOnlyFlags<const Known extends Record<string, Kind>>(
  argv: readonly string[],
  known: Known,
): Flags<Known>;
export function readVariables(pairs?: readonly string[]): Record<string, string>;
export function orFail<Value>(read: () => Value): Value;
