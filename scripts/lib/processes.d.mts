import type { spawn } from "node:child_process";

export const launch: typeof spawn;
export function ended(child: ReturnType<typeof spawn>): Promise<number>;
export function stopAll(graceMs?: number): Promise<void>;
