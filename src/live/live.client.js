// @ts-check
/**
 * The client's end of live updates. It keeps a socket open, comes back after a loss with what it saw
 * last, and reads the list again whenever the socket says that it tells less than the whole, at most
 * once a second (or another gap) and ever less often while that goes on. Where sockets are refused it reads every
 * five seconds instead. Nothing is done for a page nobody looks at.
 *
 * @typedef {object} Row A task as the hub tells of it: see src/live/events.ts.
 * @property {string} id
 * @property {string} name
 * @property {string | null} subject
 * @property {string} status
 * @property {number} at
 * @property {number} [progress]
 * @property {string | null} [step]
 * @property {string[]} [stages]
 *
 * @typedef {"live" | "polling" | "offline"} Connection
 *
 * @typedef {object} LiveOptions
 * @property {() => Promise<string>} address Of the socket, with a query.
 * @property {(rows: Row[]) => boolean} changed Whether the list is to be read again.
 * @property {() => Promise<void>} read Reads the list; rejects when it cannot.
 * @property {(connection: Connection) => void} show
 * @property {number} [gap] The least time between two reads.
 */

const READ_GAP_MS = 1000;
const MAX_READ_GAP_MS = 10_000;
const TICK_MS = 5000;
const PING_MS = 25_000;
const SILENCE_MS = 40_000;
/** BACKSTOP_MS is how old the list may get if an event is lost. */
const BACKSTOP_MS = 30_000;
const HIDDEN_MS = 30_000;
const MAX_WAIT_MS = 60_000;

/**
 * Starts following; returns what stops it.
 * @param {LiveOptions} options
 * @returns {() => void}
 */
export function startLive({ address, changed, read, show, gap = READ_GAP_MS }) {
  const ending = new AbortController();
  const { signal } = ending;
  /** @type {WebSocket | null} */
  let socket = null;
  let leaving = new AbortController();
  let isConnecting = false;
  let isLive = false;
  let epoch = "";
  let seq = 0;
  let failures = 0;
  let heardAt = 0;
  let readAt = Date.now();
  let readGap = gap;
  let isReadWanted = false;
  let isReading = false;
  let couldRead = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let hiding;

  const showConnection = () => {
    const isLost = !navigator.onLine || (!couldRead && !isLive);
    show(isLost ? "offline" : isLive || failures < 2 ? "live" : "polling");
  };

  const readSoon = () => {
    if (!isReadWanted && !signal.aborted) {
      isReadWanted = true;
      setTimeout(() => void readNow(), Math.max(0, readAt + readGap - Date.now()));
    }
  };

  const readNow = async () => {
    if (isReading || signal.aborted || document.hidden) {
      return; // the read is done after the current one, or when the page is visible
    }
    isReadWanted = false;
    isReading = true;
    try {
      await read();
      couldRead = true;
    } catch {
      couldRead = false;
    }
    isReading = false;
    readAt = Date.now();
    readGap = isReadWanted ? Math.min(readGap * 1.5, MAX_READ_GAP_MS) : gap;
    if (isReadWanted) {
      isReadWanted = false;
      readSoon();
    }
    showConnection();
  };

  /** @param {MessageEvent} event */
  const hear = ({ data }) => {
    heardAt = Date.now();
    if (data === "pong") {
      return;
    }
    const message = JSON.parse(data);
    ({ epoch, seq } = message);
    failures = 0;
    isLive = true;
    const isIncomplete = message.rows ? changed(message.rows) : false;
    if (message.refetch || isIncomplete) {
      readSoon();
    }
    if (message.settle) {
      setTimeout(readSoon, message.settle);
    }
    showConnection();
  };

  const leave = () => {
    leaving.abort();
    socket?.close();
    socket = null;
    isLive = false;
  };

  const lose = () => {
    leave();
    failures += 1;
    showConnection();
    const wait = Math.min(READ_GAP_MS * 2 ** (failures - 1), MAX_WAIT_MS);
    setTimeout(() => void connect(), wait * (0.5 + Math.random() / 2));
  };

  const connect = async () => {
    if (socket || isConnecting || signal.aborted || document.hidden || !navigator.onLine) {
      return;
    }
    isConnecting = true;
    try {
      const since = epoch === "" ? "" : `&epoch=${epoch}&seq=${seq}`;
      const url = (await address()) + since;
      if (!signal.aborted) {
        socket = new WebSocket(url);
        heardAt = Date.now();
        leaving = new AbortController();
        socket.addEventListener("message", hear, leaving);
        socket.addEventListener("close", lose, leaving);
      }
    } catch {
      lose();
    }
    isConnecting = false;
  };

  const tick = () => {
    if (document.hidden) {
      return;
    }
    const now = Date.now();
    if (socket && now - heardAt > SILENCE_MS) {
      lose();
    } else if (isLive && now - heardAt > PING_MS) {
      socket?.send("ping");
    }
    if ((!isLive && failures > 1) || now - readAt > BACKSTOP_MS) {
      readSoon();
    }
  };

  const onVisibility = () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => socket && lose(), HIDDEN_MS);
    } else {
      void connect();
      if (isReadWanted) {
        void readNow();
      }
    }
  };
  const onOnline = () => {
    failures = 0;
    void connect();
    readSoon();
  };

  const ticking = setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", onVisibility, { signal });
  addEventListener("online", onOnline, { signal });
  addEventListener("offline", lose, { signal });
  void connect();

  return () => {
    ending.abort();
    clearInterval(ticking);
    clearTimeout(hiding);
    leave();
  };
}
