import type { PropsWithChildren } from "hono/jsx";

/**
 * Shows a text whose placeholder `{name}` is replaced by an element, which a translation cannot
 * hold.
 */
export function Fill({ text, name, children }: PropsWithChildren<{ text: string; name: string }>) {
  const [before, ...after] = text.split(`{${name}}`);
  return (
    <>
      {before}
      {after.map((part) => (
        <>
          {children}
          {part}
        </>
      ))}
    </>
  );
}
