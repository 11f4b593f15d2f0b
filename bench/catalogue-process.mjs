import path from "node:path";
import { launch } from "../scripts/lib/processes.mjs";
import { priceList } from "./expected.mjs";

/**
 * Starts the catalogue in a process of its own.
 */
export async function startCatalogue({ latency, failRate }) {
  const args = ["--latency", String(latency), "--fail-rate", String(failRate)];
  const file = path.join(import.meta.dirname, "catalogue.mjs");
  const child = launch(process.execPath, [file, ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const { url } = await new Promise((resolve, reject) => {
    child.once("message", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The catalogue ended with code ${code}`)));
  });
  const read = async (route) => (await fetch(`${url}${route}`)).json();
  return {
    url,
    prices: priceList(await read("/products")),
    asked: () => read("/asked"),
    stop: () => child.kill(),
  };
}
