/**
 * This file stands in for `cloudflare:workers` in the unit tests, which run in Node. It lets
 * modules that import it load beside the pure functions under test; nothing in it works.
 */
export const exports = {};
