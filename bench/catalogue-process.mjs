import path from "node:path";
import { launch } from "../scripts/lib/processes.mjs";
import { priceList } from "./expected.mjs";

const OWN = path.join(import.meta.dirname, "catalogue.mjs");

/** Starts a catalogue in a process of its own: one that prints `READY` and its address. */
export async function startCatalogue({ latency, failRate }, file = OWN) {
  const args = ["--port", "0", "--latency", String(latency), "--fail-rate", String(failRate)];
  const child = launch(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const url = await addressOf(child);
  const response = await fetch(`${url}/products`);
  return { url, prices: priceList(await response.json()), stop: () => child.kill() };
}

function addressOf(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      const [, url] = /READY (\S+)\n/u.exec(output) ?? [];
      if (url) {
        resolve(url);
      }
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The catalogue ended with code ${code}`)));
  });
}
