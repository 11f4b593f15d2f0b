const WIDTH = 24;
const EVERY_MS = 100;

interface Shown {
  label: string;
  done: number;
  total: number;
}

export type Progress = ReturnType<typeof startProgress>;

/** Says in one line of a terminal, such as stderr, what happens and how far it is. */
export function startProgress(stream: { isTTY?: boolean; write(text: string): unknown }) {
  let shown: Shown = { label: "", done: 0, total: 0 };
  const draw = () => stream.write(`\r\u001b[K${line(shown)}`);
  const timer = stream.isTTY ? setInterval(draw, EVERY_MS) : undefined;
  return {
    show(label: string, done = 0, total = 0): void {
      if (!stream.isTTY && label !== shown.label) {
        stream.write(`${label}\n`); // a file or a pipe gets a line per step
      }
      shown = { label, done, total };
    },
    /** Writes a line that stays. */
    note(text: string): void {
      stream.write(stream.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`);
    },
    stop(): void {
      clearInterval(timer);
      if (stream.isTTY) {
        stream.write("\r\u001b[K");
      }
    },
  };
}

export function line({ label, done, total }: Shown): string {
  if (total === 0) {
    return label;
  }
  const filled = Math.round((WIDTH * Math.min(done, total)) / total);
  const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
  return `${bar} ${done}/${total} ${label}`;
}
