"use client";

import { useEffect, useState, type FormEvent } from "react";
import { api, type Todo } from "@/lib/api";

/** The list. `version` changes when something else, such as the chat, may have changed it. */
export function Todos({ version }: { version: number }) {
  const [todos, setTodos] = useState<Todo[] | null>(null);
  const [problem, setProblem] = useState("");

  /** Do something and then read the list again, so that what is shown is what is stored. */
  async function after(action?: () => Promise<unknown>) {
    try {
      await action?.();
      setTodos(await api<Todo[]>("todos"));
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  }

  useEffect(() => void after(), [version]);

  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const title = String(new FormData(form).get("title")).trim();
    if (title) void after(() => api("todos", "POST", { title }).then(() => form.reset()));
  }

  function toggle(todo: Todo) {
    setTodos((old) => old?.map((t) => (t.id === todo.id ? { ...t, completed: !t.completed } : t)) ?? null);
    void after(() => api(`todos/${todo.id}`, "PATCH", { completed: !todo.completed }));
  }

  function rename(todo: Todo, title: string) {
    if (title && title !== todo.title) void after(() => api(`todos/${todo.id}`, "PATCH", { title }));
  }

  const open = todos?.filter((todo) => !todo.completed).length ?? 0;
  return (
    <section className="card" aria-label="Todos">
      <h2>
        Todos {todos && <small>{open === 0 ? "all done" : `${open} open`}</small>}
      </h2>
      <form className="row" onSubmit={add}>
        <input name="title" aria-label="New todo" placeholder="What is to be done?" maxLength={200} autoComplete="off" />
        <button>Add</button>
      </form>
      {problem && <p role="alert">{problem}</p>}
      <ul className="todos">
        {todos?.map((todo) => (
          <li key={todo.id} className={todo.completed ? "done" : ""}>
            <input
              type="checkbox"
              aria-label={`Complete ${todo.title}`}
              checked={todo.completed}
              onChange={() => toggle(todo)}
            />
            <input
              className="title"
              aria-label={`Title of ${todo.title}`}
              key={todo.title}
              defaultValue={todo.title}
              maxLength={200}
              onBlur={(event) => rename(todo, event.currentTarget.value.trim())}
              onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
            />
            <button
              className="quiet"
              aria-label={`Delete ${todo.title}`}
              onClick={() => void after(() => api(`todos/${todo.id}`, "DELETE"))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {todos?.length === 0 && <p className="hint">Nothing yet. Add the first above, or tell the chat.</p>}
    </section>
  );
}
