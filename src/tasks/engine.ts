import type { TaskDefinition } from "./define";

/** The task types of a deployment, by name. Built once, in src/index.ts. */
export class Engine {
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;

  constructor(definitions: readonly TaskDefinition[]) {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    if (this.#definitions.size !== definitions.length) {
      throw new Error("Two task definitions share a name");
    }
  }

  find(name: string): TaskDefinition | undefined {
    return this.#definitions.get(name);
  }

  all(): TaskDefinition[] {
    return [...this.#definitions.values()];
  }
}
