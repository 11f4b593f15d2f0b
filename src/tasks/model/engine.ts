import type { TaskDefinition } from "./define";
import { MAX_TIMEOUT_MS } from "./timeout";

/** Engine holds the task types of a deployment by name. It is built once, in src/index.ts. */
export class Engine {
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;

  constructor(definitions: readonly TaskDefinition[]) {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    if (this.#definitions.size !== definitions.length) {
      throw new Error("Two task definitions share a name");
    }
    for (const { name, timeoutMs } of definitions) {
      if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
        const most = `more than 0 and at most ${MAX_TIMEOUT_MS}: longer work goes by slices`;
        throw new Error(`The timeoutMs of task ${name} is ${timeoutMs}; it must be ${most}`);
      }
    }
  }

  find(name: string): TaskDefinition | undefined {
    return this.#definitions.get(name);
  }

  all(): TaskDefinition[] {
    return [...this.#definitions.values()];
  }
}
