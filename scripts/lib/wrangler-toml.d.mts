export function withVariables(
  text: string,
  env: string | undefined,
  values: Record<string, string>,
): string;
