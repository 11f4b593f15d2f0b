import type { PropsWithChildren } from "hono/jsx";

/** A text with an element in the place of one of its values, which were not given for it. */
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
