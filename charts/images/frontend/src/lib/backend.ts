import "server-only";
import { createHmac } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";

const TIMEOUT_MS = 40_000; // more than the backend takes at most for a chat's answer
const ATTEMPTS = 3;

type Call = { method?: string; headers?: Record<string, string>; body?: string | Buffer };

/** Where the backend is. Read at run time: the image is built without knowing it. */
const address = () => new URL(process.env.BACKEND_URL ?? "http://backend-service:8000");

/**
 * One request on a connection of its own. A kept connection would stay with one pod and break when
 * that pod ends; a new one goes to a pod that serves.
 */
function once(path: string, { method = "GET", headers = {}, body }: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const call = request(new URL(path, address()), { method, headers: { ...headers, ...length }, agent: false });
    call.setTimeout(TIMEOUT_MS, () => call.destroy(new Error("timeout")));
    call.on("response", resolve).on("error", reject).end(body);
  });
}

const NEVER_SENT = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN", "ENOTFOUND"]);

/** Ask the backend. Tried again only where nothing was sent, or where repeating it is harmless. */
export async function backend(path: string, call: Call = {}): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await once(path, call);
      const status = answer.statusCode ?? 502;
      const bodyless = status === 204 || status === 304;
      if (bodyless) answer.resume();
      return new Response(bodyless ? null : (Readable.toWeb(answer) as ReadableStream), {
        status,
        headers: { "content-type": answer.headers["content-type"] ?? "application/json", "cache-control": "no-store" },
      });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      const repeatable = NEVER_SENT.has(code) || ((call.method ?? "GET") === "GET" && code === "ECONNRESET");
      if (!repeatable || attempt === ATTEMPTS) {
        console.error(JSON.stringify({ level: "error", message: `the backend cannot be reached: ${code || error}` }));
        return Response.json({ detail: "The server cannot be reached. Try again in a moment." }, { status: 502 });
      }
      await new Promise((wake) => setTimeout(wake, 200 * attempt));
    }
  }
}

/** The token that tells the backend that it is the frontend that asks; see the backend's auth.py. */
const serviceToken = () =>
  createHmac("sha256", process.env.BETTER_AUTH_SECRET ?? "").update("todo-app service").digest("hex");

/** One operation on better-auth's storage. */
export async function storage<T>(operation: Record<string, unknown>): Promise<T> {
  const answer = await backend("/internal/auth", {
    method: "POST",
    headers: { authorization: `Bearer ${serviceToken()}`, "content-type": "application/json" },
    body: JSON.stringify(operation),
  });
  if (!answer.ok) throw new Error(`auth storage: ${operation.op} ${operation.model}: HTTP ${answer.status}`);
  return answer.json();
}
