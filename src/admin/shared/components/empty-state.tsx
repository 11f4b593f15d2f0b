import type { PropsWithChildren } from "hono/jsx";

/** Says why a list is empty, and what to do about it. */
export function EmptyState({ title, text, children }: PropsWithChildren<EmptyStateProps>) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <p>{text}</p>
      {children && <p class="actions">{children}</p>}
    </div>
  );
}

interface EmptyStateProps {
  title: string;
  text: string;
}
