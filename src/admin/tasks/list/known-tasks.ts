import type { Engine } from "../../../tasks/model/engine";
import { BURIED } from "../../../tasks/running/dead-letters";

/** What a filter can be set to: what is defined, buried messages, and what it is set to now. */
export function knownTasks(engine: Engine, typed: { name: string; module: string }) {
  const all = [...engine.all(), BURIED];
  const list = (names: string[]) => [...new Set(names)].filter(Boolean).toSorted();
  return {
    names: list([...all.map(({ name }) => name), typed.name]),
    modules: list([...all.map(({ module }) => module), typed.module]),
  };
}
