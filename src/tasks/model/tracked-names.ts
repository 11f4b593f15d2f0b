/**
 * The names of tracked work and its modules are invented by whoever tracks it. The first ones have
 * statistics of their own, for good; later ones are counted together, under OTHER, so that
 * statistics and pages stay small. A name never changes sides while these limits stand, as all
 * events of a task are counted under one name.
 */
import { TRACKED } from "./states";

const OTHER = "(other)";
const MAX_NAMES = 150;
const MAX_NAMES_OF_MODULE = 30;
const MAX_MODULES = 20;

const named = (module: string, name: string) =>
  `EXISTS (SELECT 1 FROM tracked_names k WHERE k.module = ${module} AND k.name = ${name})`;
const inModule = (module: string) =>
  `EXISTS (SELECT 1 FROM tracked_names k WHERE k.module = ${module})`;

/**
 * This statement gives the name `:name` of module `:module` counts of its own while there is room.
 */
export const KNOW_NAME = `
INSERT INTO tracked_names (module, name)
SELECT :module, :name WHERE NOT ${named(":module", ":name")}
  AND (SELECT count(*) FROM tracked_names) < ${MAX_NAMES}
  AND (SELECT count(*) FROM tracked_names WHERE module = :module) < ${MAX_NAMES_OF_MODULE}
  AND (${inModule(":module")} OR (SELECT count(DISTINCT module) FROM tracked_names) < ${MAX_MODULES})`;

/** This SQL gives what tracked work named `:name` of module `:module` is counted under. */
export const COUNTED_NEW = `
  iif(${named(":module", ":name")}, :name, '${OTHER}') AS name, iif(${inModule(":module")}, :module, '${OTHER}') AS module`;

/** This SQL gives what a row of `tasks` is counted under; a task of this system keeps its name. */
export const COUNTED_AS = {
  name: `iif(queue <> '${TRACKED}' OR ${named("tasks.module", "tasks.name")}, name, '${OTHER}')`,
  module: `iif(queue <> '${TRACKED}' OR ${inModule("tasks.module")}, module, '${OTHER}')`,
};
