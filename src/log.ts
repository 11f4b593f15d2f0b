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

/** One JSON line per event: a dotted name plus fields, readable in `wrangler tail`. */
function write(level: LogLevel, event: string, fields: Fields): void {
  if (LEVELS[level] < threshold) {
    return;
  }
  // By the console's method of that name: it is what the platform's logs know a line's level by.
  console[level](JSON.stringify({ event, level, ...fields }));
}

export const log = {
  debug: (event: string, fields: Fields = {}) => write("debug", event, fields),
  info: (event: string, fields: Fields = {}) => write("info", event, fields),
  warn: (event: string, fields: Fields = {}) => write("warn", event, fields),
  error: (event: string, fields: Fields = {}) => write("error", event, fields),
};
