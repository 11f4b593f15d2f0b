/**
 * What `cloudflare:workers` is in the unit tests, which run in Node: enough for modules that import
 * it to load beside the pure functions under test. Nothing here works.
 */
export const exports = {};
