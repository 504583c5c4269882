/** Calls to the frontend's own origin; its server passes them on to the backend. */

export type Todo = { id: string; title: string; completed: boolean; created_at: string };
export type Message = { role: string; content: string };

export async function api<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  const answer = await fetch(`/api/${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status === 401) window.location.assign("/sign-in");
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(typeof problem.detail === "string" ? problem.detail : `The server answered ${answer.status}.`);
  }
  return answer.status === 204 ? (undefined as T) : answer.json();
}
