/**
 * Returns the text of a wrangler.toml with values put into its [vars] or [env.NAME.vars];
 * everything else stays, comments too. Throws, worded for people, when a variable has no line.
 */
export function withVariables(text, env, values) {
  const section = env ? `env.${env}.vars` : "vars";
  const header = String.raw`^\[${section.replaceAll(".", String.raw`\.`)}\][^\n]*\n`;
  let result = text;
  for (const [name, value] of Object.entries(values)) {
    const before = String.raw`${header}(?:(?!\[)[^\n]*\n)*?${name}[ \t]*=[ \t]*`;
    const line = new RegExp(String.raw`(${before})(?:"[^"\n]*"|'[^'\n]*')`, "mu");
    if (!line.test(result)) {
      throw new Error(`[${section}] has no line ${name} = "…": write it there yourself`);
    }
    result = result.replace(line, (_, kept) => kept + JSON.stringify(value));
  }
  return result;
}
