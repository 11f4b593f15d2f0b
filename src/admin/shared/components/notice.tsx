import type { PropsWithChildren } from "hono/jsx";

/** Shows a message about what was just done, or could not be done. */
export function Notice({ kind, children }: PropsWithChildren<{ kind: "good" | "bad" }>) {
  return (
    <p class={`notice is-${kind}`} role={kind === "bad" ? "alert" : "status"}>
      {children}
    </p>
  );
}
