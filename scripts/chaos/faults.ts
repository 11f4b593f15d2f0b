/** A catalogue misbehaves in ways in which real services have. */
import type { ServerResponse } from "node:http";
import { answer, type Asked } from "../harness/catalogue.ts";

const JSON_TYPE = { "content-type": "application/json" };
const FLOOD = Buffer.alloc(65_536, " ");
const DRIP_MS = 50;
/** This is within the servers' patience, and much longer than other products take. */
const SLOW_MS = 250;

const FAULTS: Record<string, (asked: Asked) => void> = {
  "500": ({ response }) => response.writeHead(500).end("no"),
  "429": ({ response }) => response.writeHead(429, { "retry-after": "1" }).end("slow down"),
  garbage: ({ response }) => response.writeHead(200, JSON_TYPE).end("<html>Bad gateway</html>"),
  "negative price": ({ id, response }) =>
    response.writeHead(200, JSON_TYPE).end(`{"id":${id},"title":"Product","price":-1}`),
  "another product": ({ id, response }) =>
    response.writeHead(200, JSON_TYPE).end(`{"id":${id + 1},"title":"Product","price":1}`),
  reset: ({ response }) => response.socket?.destroy(),
  "cut short": ({ id, response }) => {
    response.writeHead(200, { ...JSON_TYPE, "content-length": "100" });
    response.write(`{"id":${id},"title":"Pro`, () => response.socket?.destroy());
  },
  hang: () => undefined,
  drip: ({ response }) => {
    response.writeHead(200, JSON_TYPE);
    const timer = setInterval(() => response.write(" "), DRIP_MS);
    response.on("close", () => clearInterval(timer));
  },
  flood: ({ response }) => {
    response.writeHead(200, JSON_TYPE);
    const pour = () => {
      while (!response.destroyed && response.write(FLOOD)) {
        // The other side reads more.
      }
    };
    response.on("drain", pour);
    pour();
  },
};

/**
 * Misbehaves for a share of the requests, for all of them during an outage, and always for a
 * product that is sick and one that is slow, until it heals.
 */
export class Faults {
  /** Nothing is answered well. */
  outage = false;
  /** These are ids of products, or 0 for none. */
  sick = 0;
  slow = 0;
  /** Answers are counted by the kind of fault. */
  readonly counts: Record<string, number> = {};
  /**
   * The other side took at most so many bytes and milliseconds of an answer before it had enough.
   */
  readonly most = { bytes: 0, ms: 0 };
  #share: number;
  readonly #random: () => number;

  constructor(share: number, random: () => number) {
    this.#share = share;
    this.#random = random;
  }

  /** From now on only the sick and the slow product trouble anybody. */
  calm(): void {
    this.outage = false;
    this.#share = 0;
  }

  heal(): void {
    this.calm();
    this.sick = 0;
    this.slow = 0;
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  readonly misbehave = (asked: Asked): boolean => {
    const { id, response } = asked;
    if (id === this.sick) {
      this.#count("sick product");
      response.writeHead(503).end("no");
      return true;
    }
    if (id === this.slow && !this.outage) {
      this.#count("slow product");
      setTimeout(() => answer(asked), SLOW_MS);
      return true;
    }
    const roll = this.#random();
    const kinds = Object.keys(FAULTS);
    const kind = kinds[Math.floor(this.#random() * kinds.length)];
    const fault = kind === undefined ? undefined : FAULTS[kind];
    if (kind === undefined || fault === undefined || !(this.outage || roll < this.#share)) {
      return false;
    }
    this.#count(kind);
    this.#measure(asked.response);
    fault(asked);
    return true;
  };

  #count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  #measure(response: ServerResponse): void {
    const { socket } = response;
    const [startedAt, written] = [Date.now(), socket?.bytesWritten ?? 0];
    response.on("close", () => {
      this.most.bytes = Math.max(this.most.bytes, (socket?.bytesWritten ?? 0) - written);
      this.most.ms = Math.max(this.most.ms, Date.now() - startedAt);
    });
  }
}
