import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll } from "vitest";
import { type LocalSite, serveLocally } from "../../scripts/harness/local-site.ts";
import { reactScript } from "./react";

/**
 * Serves another site with pages of its own: `/plain?…` shows <task-monitor> with the query as
 * attributes, `/react?…` does so in a React component, and `/ticket` asks the server for a ticket
 * with the shop's key, as a site's backend would, narrowed to its query.
 */
export function useShop() {
  const shop = { url: "", server: "", key: "", tickets: 0 };
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", shop.url);
    const answer = (type: string, body: string) =>
      response.writeHead(200, { "content-type": type }).end(body);
    if (pathname === "/ticket") {
      void ticket(Object.fromEntries(searchParams)).then((body) =>
        answer("application/json", body),
      );
    } else if (pathname === "/plain") {
      const attributes = [...searchParams].map(([name, value]) => `${name}="${value}"`).join(" ");
      answer("text/html", page(`<task-monitor ${attributes}></task-monitor>`));
    } else if (pathname === "/react") {
      const props = JSON.stringify(Object.fromEntries(searchParams));
      answer("text/html", page(`<div id="root"></div><script>${reactPage(props)}</script>`));
    } else {
      response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
    }
  };

  async function ticket(filter: Record<string, string>): Promise<string> {
    shop.tickets += 1;
    const headers = { authorization: `Bearer ${shop.key}`, "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(filter) };
    return (await fetch(`${shop.server}/api/live/tickets`, options)).text();
  }

  const page = (body: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
    <title>Shop</title><script type="module" src="${shop.server}/task-monitor.js"></script></head>
    <body><main><h1>Shop</h1>${body}</main></body></html>`;

  let site: LocalSite;
  beforeAll(async () => {
    site = await serveLocally(serve);
    shop.url = site.url;
  });
  afterAll(() => site.close());
  return shop;
}

/** Makes a page that shows and removes the element. */
function reactPage(props: string): string {
  return `${reactScript()}
    const { createElement, useState } = React;
    function App() {
      const [limit, setLimit] = useState("10");
      const [shown, setShown] = useState(true);
      return createElement("div", null,
        createElement("button", { id: "fewer", onClick: () => setLimit("1") }, "Fewer"),
        createElement("button", { id: "toggle", onClick: () => setShown(!shown) }, "Toggle"),
        shown && createElement("task-monitor", { ...${props}, limit }));
    }
    ReactDOM.createRoot(document.getElementById("root")).render(createElement(App));`;
}
