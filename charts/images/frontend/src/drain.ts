import { subscribe } from "node:diagnostics_channel";
import type { Server, ServerResponse } from "node:http";

const DRAIN_MS = 3000;

/**
 * SIGTERM drains. For DRAIN_MS requests are still served, each answered with `Connection: close`,
 * so that clients that keep their connection open the next one elsewhere; then the server stops
 * listening and ends what is under way. Next's own handler, which NEXT_MANUAL_SIG_HANDLE turns off,
 * would close idle connections at once, under requests that are just being sent.
 */
export function drainOnSigterm() {
  let draining = false;
  let listening: Server | undefined;

  subscribe("http.server.request.start", (event) => {
    const { server, response } = event as { server: Server; response: ServerResponse };
    listening = server;
    if (draining) response.setHeader("Connection", "close");
  });

  process.once("SIGTERM", () => {
    draining = true;
    setTimeout(() => {
      if (!listening) process.exit(0);
      listening.close(() => process.exit(0));
      listening.closeIdleConnections();
    }, DRAIN_MS);
  });
  process.once("SIGINT", () => process.exit(130));
}
