/** Shows an error's code, which is never translated, and its stored message. */
export function ErrorText({ code, message }: { code: string; message: string }) {
  return (
    <span class="error">
      <code>{code}</code> <bdi>{message}</bdi>
    </span>
  );
}
