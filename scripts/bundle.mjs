// This script bundles the pages' scripts and styles into dist/. wrangler runs it before it bundles
// the Worker.
import { setup } from "./lib/bundles.mjs";

await setup();
