"use client";

import { useEffect, useRef, useState, type FormEvent } from "react";
import { api, type Message } from "@/lib/api";

type Conversation = { enabled: boolean; messages: Message[] };

/** The conversation; the backend keeps it. */
export function Chat({ onAnswer }: { onAnswer: () => void }) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [enabled, setEnabled] = useState(true);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const end = useRef<HTMLLIElement>(null);

  useEffect(() => {
    api<Conversation>("chat").then(
      (old) => (setMessages(old.messages), setEnabled(old.enabled)),
      (error: Error) => setProblem(error.message),
    );
  }, []);
  // Braces: newer browsers return a promise, which React would take for a clean-up.
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [messages, busy]);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const content = String(new FormData(form).get("message")).trim();
    if (!content || busy) return;
    const before = messages;
    setMessages([...before, { role: "user", content }]);
    setBusy(true);
    setProblem("");
    try {
      const answer = await api<Message>("chat", "POST", { message: content });
      setMessages([...before, { role: "user", content }, answer]);
      form.reset();
      onAnswer();
    } catch (error) {
      setMessages(before);
      setProblem((error as Error).message);
    }
    setBusy(false);
  }

  const forget = () => api("chat", "DELETE").then(() => setMessages([]), (error: Error) => setProblem(error.message));

  return (
    <section className="card chat" aria-label="Chat">
      <h2>
        Chat
        {messages.length > 0 && (
          <button className="quiet" onClick={forget}>
            Clear
          </button>
        )}
      </h2>
      <ol aria-live="polite">
        {messages.map((message, index) => (
          <li key={index} className={message.role}>
            {message.content}
          </li>
        ))}
        {busy && <li className="assistant hint">…</li>}
        <li ref={end} aria-hidden />
      </ol>
      {enabled || <p className="hint">The chat is off: OPENAI_API_KEY is not set.</p>}
      {problem && <p role="alert">{problem}</p>}
      <form className="row" onSubmit={send}>
        <input
          name="message"
          aria-label="Message"
          placeholder="Add milk, and what is still open?"
          maxLength={4000}
          autoComplete="off"
          disabled={!enabled}
        />
        <button disabled={busy || !enabled}>Send</button>
      </form>
    </section>
  );
}
