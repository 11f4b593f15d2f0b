import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** `canAsk` is false on a build server, even if it gives its builds a terminal. */
export const canAsk = process.stdin.isTTY && process.stdout.isTTY && !process.env.CI;

/** Asks on the terminal; a `hidden` answer is not shown while it is typed. */
export async function ask(question, { hidden = false } = {}) {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden ? nowhere : process.stdout;
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  // Ctrl-C and Ctrl-D close the terminal, after which an answer would never come.
  terminal.on("close", () => process.exit(1));
  if (hidden) {
    process.stdout.write(question);
  }
  const answer = await terminal.question(hidden ? "" : question);
  terminal.removeAllListeners("close");
  terminal.close();
  if (hidden) {
    process.stdout.write("\n");
  }
  return hidden ? answer : answer.trim();
}
