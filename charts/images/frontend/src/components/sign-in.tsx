"use client";

import { useState, type FormEvent } from "react";
import { authClient } from "@/lib/auth-client";

/** One form for both: signing in, and making an account. */
export function SignIn() {
  const [isNew, setIsNew] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [name, email, password] = ["name", "email", "password"].map((field) => String(form.get(field) ?? "").trim());
    setBusy(true);
    setProblem("");
    const { error } = isNew
      ? await authClient.signUp.email({ name: name!, email: email!, password: password! })
      : await authClient.signIn.email({ email: email!, password: password! });
    if (!error) return window.location.assign("/");
    setBusy(false);
    setProblem(error.message ?? "The server cannot be reached. Try again in a moment.");
  }

  return (
    <form className="card" onSubmit={submit}>
      <h1>{isNew ? "Create an account" : "Sign in"}</h1>
      {isNew && (
        <label>
          Name
          <input name="name" autoComplete="name" required maxLength={100} />
        </label>
      )}
      <label>
        Email
        <input name="email" type="email" autoComplete="email" required />
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          required
          minLength={8}
        />
      </label>
      {problem && <p role="alert">{problem}</p>}
      <button disabled={busy}>{isNew ? "Create account" : "Sign in"}</button>
      <button type="button" className="quiet" onClick={() => (setIsNew(!isNew), setProblem(""))}>
        {isNew ? "I have an account" : "I am new here"}
      </button>
    </form>
  );
}
