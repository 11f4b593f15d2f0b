import { once } from "node:events";
import { Agent, request } from "node:http";

const SCOPES = ["orders:read", "orders:write", "tasks:read"];

/** What a shop does: one key, kept-alive connections, JSON. */
export class Client {
  #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  #headers = {};
  #sockets = [];
  /** Messages of all sockets. */
  heard = 0;

  constructor(url) {
    this.url = url;
  }

  /** Resolves to the cookies of a session. */
  async signIn(admin) {
    const signedIn = await this.#send("POST", "/api/auth/sign-in/email", admin);
    return signedIn.cookies.map((each) => each.split(";", 1)[0]).join("; ");
  }

  async makeKey(admin) {
    const cookie = await this.signIn(admin);
    const key = { name: "benchmark", scopes: SCOPES, expires_in_days: 1 };
    const { body } = await this.#send("POST", "/api/keys/", key, { cookie });
    this.#headers = { authorization: `Bearer ${body.key}` };
  }

  /** Resolves to the task ids, in the orders' order. */
  async postOrders(orders) {
    const { body } = await this.#send("POST", "/api/pedidos", orders);
    return body.tareas.map((each) => each.task_id);
  }

  async get(path) {
    return (await this.#send("GET", path)).body;
  }

  async post(path, value) {
    return (await this.#send("POST", path, value)).body;
  }

  /** Every entry of a list, page after page. */
  async *list(path) {
    let next = path;
    while (next) {
      const page = await this.get(next);
      yield* page.results;
      next = page.next && new URL(page.next).pathname + new URL(page.next).search;
    }
  }

  /** Opens a socket that hears of every change of a task, as an open page of the console has. */
  async listen() {
    const socket = new WebSocket(new URL("/api/live", this.url), { headers: this.#headers });
    socket.addEventListener("message", () => (this.heard += 1));
    await once(socket, "open");
    this.#sockets.push(socket);
  }

  close() {
    this.#sockets.forEach((socket) => socket.close());
    this.#agent.destroy();
  }

  #send(method, path, value, headers = this.#headers) {
    const text = value === undefined ? "" : JSON.stringify(value);
    const options = {
      agent: this.#agent,
      method,
      headers: {
        ...headers,
        ...(text && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(text),
        }),
      },
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.url), options, (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (part) => (answer += part));
        response.on("end", () => {
          if (response.statusCode >= 300) {
            reject(new Error(`${method} ${path} answered ${response.statusCode}: ${answer}`));
          } else {
            const cookies = response.headers["set-cookie"] ?? [];
            resolve({ body: JSON.parse(answer), cookies });
          }
        });
      });
      sent.on("error", reject);
      sent.end(text);
    });
  }
}
