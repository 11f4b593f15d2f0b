// The SQL of bench/fill.mjs, for a test. Typed by fill.d.mts.
export { fillStatements } from "../../bench/fill-sql.mjs";
