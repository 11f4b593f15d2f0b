import type { PropsWithChildren } from "hono/jsx";
import { Notice } from "./components/notice";
import { Layout } from "./layout";
import type { View } from "./view";
import { sharedWords } from "./words";

interface ConfirmPageProps {
  view: View;
  title: string;
  /** `text` says what will happen, and whether it can be undone. */
  text: string;
  /** `subject` is what it happens to. */
  subject: string;
  submit: string;
  /** `back` is where to go without doing it. */
  back: string;
  dangerous?: boolean;
  /** `problem` says why it could not be done just now. */
  problem?: string;
}

/** Asks before anything is changed; its form posts to the address it is shown at. */
export function ConfirmPage(props: PropsWithChildren<ConfirmPageProps>) {
  const { view, title, text, subject, submit, back, dangerous, problem, children } = props;
  const t = sharedWords(view);
  return (
    <Layout view={view} title={title}>
      <div class="narrow">
        <h1>{title}</h1>
        <p>
          <code class="subject">
            <bdi>{subject}</bdi>
          </code>
        </p>
        {problem && <Notice kind="bad">{problem}</Notice>}
        <p>{text}</p>
        <form class="stacked" method="post" action={view.url.pathname}>
          {children}
          <p class="actions">
            <button class={`button ${dangerous ? "danger" : "primary"}`}>{submit}</button>
            <a class="button" href={back}>
              {t("confirm.back")}
            </a>
          </p>
        </form>
      </div>
    </Layout>
  );
}
