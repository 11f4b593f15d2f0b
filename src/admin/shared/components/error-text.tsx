/** The code, never translated, and what the stored message says. */
export function ErrorText({ code, message }: { code: string; message: string }) {
  return (
    <span class="error">
      <code>{code}</code> <bdi>{message}</bdi>
    </span>
  );
}
