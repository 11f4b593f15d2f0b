import { DurableObject } from "cloudflare:workers";
import { createApp } from "./app";

export class OrderRegistry extends DurableObject<Env> {}
export class Recovery extends DurableObject<Env> {}

const app = createApp();

export default {
  fetch: app.fetch,
} satisfies ExportedHandler<Env>;
