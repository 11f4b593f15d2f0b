import type { Engine } from "../../../tasks/model/engine";
import { BURIED } from "../../../tasks/running/dead-letters";

/**
 * Returns what a filter can be set to: the defined tasks, buried messages, and its current value.
 */
export function knownTasks(engine: Engine, typed: { name: string; module: string }) {
  const all = [...engine.all(), BURIED];
  const list = (names: string[]) => [...new Set(names)].filter(Boolean).toSorted();
  return {
    names: list([...all.map(({ name }) => name), typed.name]),
    modules: list([...all.map(({ module }) => module), typed.module]),
  };
}
