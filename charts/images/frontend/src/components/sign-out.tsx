"use client";

import { authClient } from "@/lib/auth-client";

export function SignOut() {
  const leave = () => authClient.signOut().finally(() => window.location.assign("/sign-in"));
  return (
    <button className="quiet" onClick={leave}>
      Sign out
    </button>
  );
}
