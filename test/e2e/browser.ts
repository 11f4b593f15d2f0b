import { existsSync } from "node:fs";
import axe from "axe-core";
import {
  type APIRequestContext,
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";

const PLACES = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** The browser may look for nobody but the server under test. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const executablePath = PLACES.find((place) => place && existsSync(place));

/**
 * Describes tests in a real browser. They are skipped with one line where there is none, unless CI
 * asks for them.
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (executablePath === undefined && process.env["CI"]) {
    throw new Error("CI needs Chromium for the browser tests: install it, or set CHROMIUM_PATH");
  }
  if (executablePath === undefined) {
    console.warn(`Skipped, for want of Chromium (install it, or set CHROMIUM_PATH): ${name}`);
  }
  describe.skipIf(executablePath === undefined)(name, tests);
}

let browser: Browser;

/** Starts the browser for the tests of the file. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: FLAGS });
  });
  afterAll(() => browser.close());
}

export interface Visit extends BrowserContextOptions {
  /** Statuses of answers that are no failure here, such as 401 for a wrong password. */
  expected?: number[];
}

/**
 * Opens a page in a browser of its own, in Spanish unless told otherwise. `problems` collects what
 * a developer would see red in the console (script errors, violations of the content policy, failed
 * requests), and whatever is asked of another host.
 */
export async function openBrowser(baseURL: string, { expected = [], ...options }: Visit = {}) {
  const context = await browser.newContext({
    baseURL,
    locale: "es-ES",
    timezoneId: "Europe/Madrid",
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    const isExpected = expected.some((status) => message.text().includes(`status of ${status}`));
    if (message.type() === "error" && !isExpected) {
      problems.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(baseURL) && !request.url().startsWith("data:")) {
      problems.push(`Asked another host: ${request.url()}`);
    }
  });
  return { page, context, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** Session is the cookies of somebody signed in, the `storageState` of further visits. */
export type Session = Awaited<ReturnType<APIRequestContext["storageState"]>>;

export async function signIn(
  request: APIRequestContext,
  data: { email: string; password: string },
): Promise<Session> {
  expect((await request.post("/api/auth/sign-in/email", { data })).status()).toBe(200);
  return request.storageState();
}

/** Returns the rules of WCAG 2.2 and best practice that the page breaks, each with where. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source); // The page's policy would refuse a script tag.
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

/** Checks that nothing sticks out at the side. */
export async function expectNoSideways(page: Page): Promise<void> {
  const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(extra, `${page.url()} is wider than its window`).toBeLessThanOrEqual(0);
}
