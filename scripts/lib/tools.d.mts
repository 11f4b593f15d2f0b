import type { SpawnOptions } from "node:child_process";

export const root: string;
export function fail(message: string): never;
export function captureTool(
  tool: string,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<{ code: number; stdout: string; stderr: string }>;
