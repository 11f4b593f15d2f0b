import type { SpawnOptions } from "node:child_process";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export const root: string;
export function fail(message: string): never;
export function captureTool(
  tool: string,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<Ended>;
export function captureScript(
  name: string,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<Ended>;
