import { getSessionCookie } from "better-auth/cookies";
import type { NextRequest } from "next/server";
import { backend } from "@/lib/backend";

const MAX_BODY = 64 * 1024;

/** Everything under /api but sign-in: passed on to the backend with the session's token. */
async function forward(request: NextRequest) {
  const { pathname, search } = new URL(request.nextUrl.pathname + request.nextUrl.search, "http://backend");
  if (!pathname.startsWith("/api/")) return Response.json({ detail: "Not found." }, { status: 404 });
  const headers: Record<string, string> = { "x-forwarded-for": request.headers.get("x-forwarded-for") ?? "" };
  // The cookie is TOKEN.SIGNATURE; the backend knows the token, and whose it is.
  const token = decodeURIComponent(getSessionCookie(request) ?? "").split(".")[0];
  if (token) headers.authorization = `Bearer ${token}`;
  const type = request.headers.get("content-type");
  if (type) headers["content-type"] = type;

  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY) return tooLarge();
  const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
  if (body && body.length > MAX_BODY) return tooLarge();
  return backend(pathname + search, { method: request.method, headers, body });
}

const tooLarge = () => Response.json({ detail: "That is too long." }, { status: 413 });

export { forward as GET, forward as POST, forward as PATCH, forward as DELETE };
