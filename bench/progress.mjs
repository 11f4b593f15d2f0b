const WIDTH = 24;
const EVERY_MS = 100;

/** One line on the terminal's stderr that says what happens and how far it is. */
export function startProgress(stream = process.stderr) {
  let shown = { label: "", done: 0, total: 0 };
  const draw = () => stream.write(`\r\u001b[K${line(shown)}`);
  const timer = stream.isTTY ? setInterval(draw, EVERY_MS) : undefined;
  return {
    show(label, done = 0, total = 0) {
      if (!stream.isTTY && label !== shown.label) {
        stream.write(`${label}\n`); // a file or a pipe gets a line per step
      }
      shown = { label, done, total };
    },
    /** A line that stays. */
    note(text) {
      stream.write(stream.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`);
    },
    stop() {
      clearInterval(timer);
      if (stream.isTTY) {
        stream.write("\r\u001b[K");
      }
    },
  };
}

export function line({ label, done, total }) {
  if (total === 0) {
    return label;
  }
  const filled = Math.round((WIDTH * Math.min(done, total)) / total);
  const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
  return `${bar} ${done}/${total} ${label}`;
}
