/**
 * The text of a wrangler.toml with variables put into its [vars], or its [env.NAME.vars]; all else is as
 * it was, comments too. Throws, with words for people, when there is no line for one.
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
