/** Next calls this once, before the server takes requests. */
export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs" && process.env.NEXT_MANUAL_SIG_HANDLE) {
    (await import("./drain")).drainOnSigterm();
  }
}
