"use client";

import { useState } from "react";
import { Chat } from "./chat";
import { Todos } from "./todos";

/** The list and the chat side by side; an answer of the chat may have changed the list. */
export function Workspace() {
  const [version, setVersion] = useState(0);
  return (
    <main className="workspace">
      <Todos version={version} />
      <Chat onAnswer={() => setVersion((old) => old + 1)} />
    </main>
  );
}
