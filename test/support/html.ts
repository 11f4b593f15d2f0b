/** What a browser would make of a page, by workerd's own HTML parser. */
export interface Parsed {
  /** Names of all elements, and how often. */
  elements: Map<string, number>;
  /** All attributes, with their elements. */
  attributes: { element: string; name: string; value: string }[];
  /** Text between tags, with its entities as written. */
  text: string;
}

export async function parseHtml(html: string): Promise<Parsed> {
  const parsed: Parsed = { elements: new Map(), attributes: [], text: "" };
  const rewriter = new HTMLRewriter()
    .on("*", {
      element(element) {
        const { tagName } = element;
        parsed.elements.set(tagName, (parsed.elements.get(tagName) ?? 0) + 1);
        for (const [name = "", value = ""] of element.attributes) {
          parsed.attributes.push({ element: tagName, name, value });
        }
      },
    })
    .onDocument({
      text({ text }) {
        parsed.text += text;
      },
    });
  await rewriter.transform(new Response(html)).arrayBuffer();
  return parsed;
}
