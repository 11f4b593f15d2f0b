import { connect, createServer } from "node:net";

/** Returns why no server can listen at this port, or undefined. */
export async function portProblem(port, ip) {
  if (!/^\d+$/u.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return `--port must be a number from 1 to 65535, not ${port}`;
  }
  const code = (await answers(port)) ? "EADDRINUSE" : await listenError(port, ip);
  if (code === "EADDRINUSE") {
    return `Port ${port} is taken by another program: choose another with npm start -- --port ${nextPort(port)}`;
  }
  return (
    code && `Cannot listen on ${ip} port ${port} (${code}): choose others with --ip and --port`
  );
}

// This catches a listener on all addresses or on ::1: not everywhere does it keep 127.0.0.1 from
// being bound, but a browser that says `localhost` would reach it.
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "localhost", autoSelectFamily: true, timeout: 1000 });
    const done = (answered) => {
      socket.destroy();
      resolve(answered);
    };
    socket.on("connect", () => done(true));
    socket.on("error", () => done(false));
    socket.on("timeout", () => done(false));
  });
}

function listenError(port, ip) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", (error) => resolve(error.code));
    server.listen({ port, host: ip === "*" ? "::" : ip }, () => server.close(() => resolve()));
  });
}

function nextPort(port) {
  return port < 65_535 ? Number(port) + 1 : 8788;
}
