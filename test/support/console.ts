import { submit as submitForm, visit as visitPage } from "./pages";

type Init = NonNullable<Parameters<typeof visitPage>[1]>;

const english = (init: Init = {}) => ({
  ...init,
  headers: { "accept-language": "en", ...init.headers },
});

/** Requests a page as a browser does, in English. */
export const visit = (path: string, init?: Init) => visitPage(path, english(init));

/** Sends a form of this site as a browser does, in English. */
export const submit = (path: string, fields: Parameters<typeof submitForm>[1], init?: Init) =>
  submitForm(path, fields, english(init));

/** Returns the problem shown beside a field; undefined where there is none. */
export function problemBeside(html: string, field: string): string | undefined {
  return new RegExp(`<span class="problem" id="${field}-problem">(?:<bdi>)?([^<]+)<`).exec(
    html,
  )?.[1];
}
