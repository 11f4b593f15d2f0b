const LEVELS = { debug: 10, info: 20, warn: 30, error: 40 } as const;
export type LogLevel = keyof typeof LEVELS;

let threshold: number = LEVELS.info;

export function setLogLevel(level: LogLevel): void {
  threshold = LEVELS[level];
}

export function isDebug(): boolean {
  return threshold <= LEVELS.debug;
}

type Fields = Record<string, unknown>;

/** Writes one JSON line per event: a dotted name and fields, readable in `wrangler tail`. */
function write(level: LogLevel, event: string, fields: Fields): void {
  if (LEVELS[level] < threshold) {
    return;
  }
  // The platform's logs take a line's level from the console method that wrote it.
  console[level](JSON.stringify({ event, level, ...fields }));
}

export const log = {
  debug: (event: string, fields: Fields = {}) => write("debug", event, fields),
  info: (event: string, fields: Fields = {}) => write("info", event, fields),
  warn: (event: string, fields: Fields = {}) => write("warn", event, fields),
  error: (event: string, fields: Fields = {}) => write("error", event, fields),
};
