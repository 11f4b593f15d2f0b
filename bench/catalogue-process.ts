import path from "node:path";
import { PRICE_LIST, priceList, type Prices } from "../scripts/harness/expected.ts";
import { launch } from "../scripts/lib/processes.mjs";
import type { Options } from "./options.ts";

export interface CatalogueProcess {
  url: string;
  prices: Prices;
  stop(): void;
}

type Settings = Pick<Options, "latency" | "failRate">;

/** Starts the catalogue of the harness in a process of its own. */
export async function startOwnCatalogue(settings: Settings): Promise<CatalogueProcess> {
  const started = await start(settings, path.join(import.meta.dirname, "catalogue.ts"));
  return { ...started, prices: PRICE_LIST };
}

/** Starts the catalogue of a folder with peers, which lists its products too. */
export async function startPeersCatalogue(
  settings: Settings,
  folder: string,
): Promise<CatalogueProcess> {
  const started = await start(settings, path.join(folder, "catalogue.mjs"));
  const response = await fetch(`${started.url}/products`);
  const products = (await response.json()) as Parameters<typeof priceList>[0];
  return { ...started, prices: priceList(products) };
}

/** Runs a file that prints `READY` and its address. */
async function start({ latency, failRate }: Settings, file: string) {
  const args = ["--port", "0", "--latency", String(latency), "--fail-rate", String(failRate)];
  const child = launch(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const [, address] = /READY (\S+)\n/.exec(output) ?? [];
      if (address !== undefined) {
        resolve(address);
      }
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The catalogue ended with code ${code}`)));
  });
  return { url, stop: () => void child.kill() };
}
