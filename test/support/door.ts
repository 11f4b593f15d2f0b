/**
 * Makes a door at which a handler waits until the test opens it. `reached` resolves when the
 * handler stands there.
 */
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
