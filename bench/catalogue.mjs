// The benchmark's product catalogue, in a process of its own: its work is not the server's. It
// prints its address when it listens, and ends with whoever started it.
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { randomFrom } from "./orders.mjs";
import { PRODUCTS } from "./products.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    latency: { type: "string", default: "0" },
    "fail-rate": { type: "string", default: "0" },
  },
});
const latencyMs = Number(values.latency);
const failRate = Number(values["fail-rate"]);
const random = randomFrom(1);
const bodies = new Map(PRODUCTS.map((product) => [String(product.id), JSON.stringify(product)]));
const list = JSON.stringify(PRODUCTS);

const server = createServer((request, response) => {
  if (request.url === "/products") {
    answer(response, 200, list);
  } else {
    const id = String(Number(/^\/products\/(\d+)$/u.exec(request.url)?.[1]));
    const [status, body] = random() < failRate ? [503, "{}"] : [200, bodies.get(id) ?? "null"];
    if (latencyMs > 0) {
      setTimeout(() => answer(response, status, body), latencyMs);
    } else {
      answer(response, status, body);
    }
  }
});
server.keepAliveTimeout = 120_000;
server.listen(Number(values.port), "127.0.0.1", () => {
  console.log(`READY http://127.0.0.1:${server.address().port}`);
});
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined); // Ctrl-C is its parent's to answer

function answer(response, status, body) {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
