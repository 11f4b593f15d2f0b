import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { reactScript } from "../react";

const COMPONENT = readFileSync(new URL("task-monitor.js", import.meta.url), "utf8");

/** Puts a page of an old program on the server's own origin, as a proxy in front of both would. */
export async function servePanel(page: Page, props: { userId: string; everyMs?: number }) {
  const files: Record<string, { contentType: string; body: string }> = {
    "/panel": {
      contentType: "text/html",
      body: `<!doctype html><html lang="es"><head><meta charset="utf-8"><title>Panel</title>
        <link rel="icon" href="data:,"></head><body><main><div id="root"></div></main>
        <script src="/panel/react.js"></script>
        <script type="module">
          import { TaskMonitor } from "/panel/task-monitor.js";
          const element = React.createElement(TaskMonitor, ${JSON.stringify(props)});
          ReactDOM.createRoot(document.getElementById("root")).render(element);
        </script></body></html>`,
    },
    "/panel/react.js": { contentType: "text/javascript", body: reactScript() },
    "/panel/task-monitor.js": { contentType: "text/javascript", body: COMPONENT },
  };
  for (const [path, answer] of Object.entries(files)) {
    await page.route(`**${path}`, (route) => route.fulfill(answer));
  }
}
