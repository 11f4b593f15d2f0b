/** What was typed in a field of a form; a file, or a field that is missing, is nothing. */
export function formText(form: Record<string, unknown>, field: string): string {
  const value = form[field];
  return typeof value === "string" ? value : "";
}
