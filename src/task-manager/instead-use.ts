/** Returns the description of an old route, which names what new programs use instead. */
export function insteadUse(route: string) {
  return { tags: ["old task manager"], description: `New programs use ${route}.` };
}
