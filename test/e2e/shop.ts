import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";

const require = createRequire(import.meta.url);
const REACT = ["scheduler", "react", "react-dom", "react-dom/client"];

/** Whether React is installed: its page is tested only then. */
export const hasReact = REACT.every((name) => {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
});

/**
 * Another site with pages of its own: `/plain?…` shows <task-monitor> with the query as attributes,
 * `/react?…` does so in a React component, and `/ticket` asks the server for a ticket with the shop's
 * key, as a site's backend would, narrowed to its query.
 */
export function useShop() {
  const shop = { url: "", server: "", key: "", tickets: 0 };
  const server = createServer((request, response) => {
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
  });

  async function ticket(filter: Record<string, string>): Promise<string> {
    shop.tickets += 1;
    const headers = { authorization: `Bearer ${shop.key}`, "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(filter) };
    return (await fetch(`${shop.server}/api/live/tickets`, options)).text();
  }

  const page = (body: string) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
    <title>Shop</title><script type="module" src="${shop.server}/task-monitor.js"></script></head>
    <body><main><h1>Shop</h1>${body}</main></body></html>`;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    shop.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return shop;
}

/** React's own CommonJS files, each as a function, and a page that shows and removes the element. */
function reactPage(props: string): string {
  const modules = REACT.map((name) => {
    const folder = path.dirname(require.resolve(`${name.split("/")[0]}/package.json`));
    const file = path.join(folder, "cjs", `${name.replace("/", "-")}.production.js`);
    const text = readFileSync(file, "utf8").replaceAll("</script", "<\\/script");
    return `define(${JSON.stringify(name)}, function (module, exports, require) {${text}\n});`;
  });
  return `const modules = {};
    const load = (name) => modules[name]();
    function define(name, run) {
      let module;
      modules[name] = () => {
        if (!module) { module = { exports: {} }; run(module, module.exports, load); }
        return module.exports;
      };
    }
    ${modules.join("\n")}
    const { createElement, useState } = load("react");
    function App() {
      const [limit, setLimit] = useState("10");
      const [shown, setShown] = useState(true);
      return createElement("div", null,
        createElement("button", { id: "fewer", onClick: () => setLimit("1") }, "Fewer"),
        createElement("button", { id: "toggle", onClick: () => setShown(!shown) }, "Toggle"),
        shown && createElement("task-monitor", { ...${props}, limit }));
    }
    load("react-dom/client").createRoot(document.getElementById("root")).render(createElement(App));`;
}
