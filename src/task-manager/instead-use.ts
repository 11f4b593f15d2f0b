/** What the description says of a route of the old program: what new programs use instead. */
export function insteadUse(route: string) {
  return { tags: ["old task manager"], description: `New programs use ${route}.` };
}
