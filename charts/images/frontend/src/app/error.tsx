"use client";

/** A page that could not be made, most often because the backend or its database is away. */
export default function Problem({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="door">
      <section className="card">
        <h1>Not available</h1>
        <p>Your todos are safe, but cannot be read at the moment.</p>
        <button onClick={reset}>Try again</button>
      </section>
    </main>
  );
}
