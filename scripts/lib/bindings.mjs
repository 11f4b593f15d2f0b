/** This file reads a Worker's bindings from its configuration, as wrangler parses it. */

/** Returns the account's names for the Worker's database, files and queues. */
export function resourcesOf({ d1_databases, r2_buckets, queues }) {
  const database = d1_databases.find(({ binding }) => binding === "DB");
  return {
    database: database.database_name,
    /** An id names the database whatever its name is. */
    databaseId: database.database_id,
    bucket: r2_buckets.find(({ binding }) => binding === "FILES").bucket_name,
    queues: queues.producers.map(({ queue }) => queue),
  };
}

/**
 * Returns what is wrong with an environment's bindings, or undefined. `whole` has all that a Worker
 * needs; `top` is the configuration's top level.
 */
export function bindingsProblem(own, whole, top) {
  const bindings = bindingsOf(own);
  const like = (section, binding) =>
    bindings.find((each) => each.section === section && each.binding === binding);
  const lacked = bindingsOf(whole).find(({ section, binding }) => !like(section, binding));
  if (lacked) {
    return `${lacked.section} lacks ${lacked.binding}: an environment inherits no bindings, so repeat them`;
  }
  if (!own.secrets) {
    return "secrets lacks required: an environment does not inherit it";
  }
  const shared = bindingsOf(own.targetEnvironment ? top : {}).find(({ section, binding, ...is }) =>
    ["name", "id"].some((what) => is[what] && is[what] === like(section, binding)?.[what]),
  );
  if (shared) {
    return `${shared.section} ${shared.binding} is ${shared.name}, as at the top level: an environment needs its own`;
  }
  const queues = own.queues.producers.map(({ queue }) => queue);
  const stray = own.queues.consumers
    .flatMap(({ queue, dead_letter_queue }) => [queue, dead_letter_queue ?? []].flat())
    .find((queue) => !queues.includes(queue));
  if (stray) {
    return `queues.consumers names ${stray}, which is no queue of its queues.producers`;
  }
  const idle = own.queues.producers.find(
    (producer) => !own.queues.consumers.some(({ queue }) => queue === producer.queue),
  );
  return idle && `queues.consumers lacks ${idle.queue}: nothing would take what is sent to it`;
}

function bindingsOf({
  d1_databases = [],
  r2_buckets = [],
  queues = { producers: [] },
  durable_objects = { bindings: [] },
  ratelimits = [],
}) {
  const bindings = {
    d1_databases: d1_databases.map((each) => [each.binding, each.database_name, each.database_id]),
    r2_buckets: r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name]),
    "queues.producers": queues.producers.map(({ binding, queue }) => [binding, queue]),
    "durable_objects.bindings": durable_objects.bindings.map(({ name }) => [name]),
    ratelimits: ratelimits.map(({ name, namespace_id }) => [name, namespace_id]),
  };
  return Object.entries(bindings).flatMap(([section, list]) =>
    list.map(([binding, name, id]) => ({ section, binding, name, id })),
  );
}
