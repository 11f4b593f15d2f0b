let nextId = Date.now() * 1000;

/** Makes an order as a producer sends it, valid unless told otherwise, with an id of its own. */
export function anOrder(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  nextId += 1;
  return {
    id: nextId,
    cliente: "ACME Corp",
    productos: [{ sku: "P001", cantidad: 2 }],
    ...overrides,
  };
}
