import type { PropsWithChildren } from "hono/jsx";

/** Lists names and values of one thing. */
export function Facts({ children }: PropsWithChildren) {
  return <dl class="facts">{children}</dl>;
}

/** Shows one name and value; a `long` value takes the room of two. */
export function Fact({
  name,
  long,
  children,
}: PropsWithChildren<{ name: string; long?: boolean }>) {
  return (
    <div class={long ? "long" : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
