/** Parsed is what workerd's own HTML parser, like a browser's, makes of a page. */
export interface Parsed {
  /** `elements` counts all elements by name. */
  elements: Map<string, number>;
  /** `attributes` has all attributes, with their elements. */
  attributes: { element: string; name: string; value: string }[];
  /** `text` is the text between tags, with its entities as written. */
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
