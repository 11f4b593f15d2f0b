/** A door a handler waits at until the test opens it; `reached` resolves when it stands there. */
export function door() {
  let open = () => {};
  let arrive = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  return {
    open,
    reached,
    pass: () => {
      arrive();
      return opened;
    },
  };
}
