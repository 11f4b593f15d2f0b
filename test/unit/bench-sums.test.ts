import { describe, expect, it } from "vitest";
import { expectedSums, priceList, type Sums } from "../../scripts/harness/expected";
import { makeOrders, type Order } from "../../scripts/harness/orders";
import type { Task } from "../../scripts/harness/rows";
import { judge } from "../../scripts/harness/verdict";

const prices = priceList([
  { id: 1, price: 287.47 },
  { id: 2, price: 22.3 },
  { id: 3, price: 500 },
]);

function order(...productos: [sku: string, cantidad: number][]): Order {
  return {
    id: 1,
    cliente: "X",
    productos: productos.map(([sku, cantidad]) => ({ sku, cantidad })),
  };
}

describe("the sums an order must come to", () => {
  it("round half a cent up where floating point would round down", () => {
    // The subtotal is 5 x 287.47 = 1437.35, of which 10 % is 143.735.
    expect(expectedSums(order(["P001", 5]), prices)).toEqual({
      subtotal: "1437.35",
      descuento: "143.74",
      total_final: "1293.61",
    });
  });

  it("have a discount only above 500", () => {
    expect(expectedSums(order(["P003", 1]), prices)?.descuento).toBe("0.00");
    const above = expectedSums(order(["P003", 1], ["P002", 1]), prices);
    expect(above).toEqual({ subtotal: "522.30", descuento: "52.23", total_final: "470.07" });
  });

  it("are none for an order without lines, or with a product nobody has", () => {
    expect(expectedSums(order(), prices)).toBeNull();
    expect(expectedSums(order(["P001", 1], ["P999", 1]), prices)).toBeNull();
    expect(expectedSums(order(["SIN_CODIGO", 1]), prices)).toBeNull();
  });

  it("refuse a price finer than a cent", () => {
    expect(() => priceList([{ id: 1, price: 1.005 }])).toThrow("more than two decimals");
  });
});

describe("the check of an order", () => {
  const wanted = { subtotal: "10.00", descuento: "0.00", total_final: "10.00" };

  /** Returns in words what the verdict says of one order, of 10.00 or without lines. */
  function compare(
    task: Partial<Task> | undefined,
    wanted: Sums | null,
    found: Sums | undefined,
    mayGiveUp: boolean,
  ): string | undefined {
    const known = { id: "t", error_code: "empty_order", timeline: [], ...task } as unknown as Task;
    const { wrongs } = judge({
      accepted: new Map([["t", wanted ? order(["P001", 1]) : order()]]),
      tasks: task ? [known] : [],
      pedidos: found ? [{ ...found, id_pedido_original: 1, task_id: "t" }] : [],
      prices: priceList([{ id: 1, price: 10 }]),
      excuses: mayGiveUp ? ["gaveUp"] : [],
    });
    return wrongs[0]?.replace(/^\w+: (.*?); \{.*$/, "$1");
  }

  it("passes what is stored with the right sums, and what is invalid and failed", () => {
    expect(compare({ status: "SUCCESS" }, wanted, wanted, false)).toBeUndefined();
    expect(compare({ status: "FAILURE" }, null, undefined, false)).toBeUndefined();
  });

  it("names a wrong sum, a missing order, a lost task and an invalid one that was stored", () => {
    const wrong = { ...wanted, total_final: "10.01" };
    expect(compare({ status: "SUCCESS" }, wanted, wrong, false)).toBe(
      "its total_final is 10.01, not 10.00",
    );
    expect(compare({ status: "SUCCESS" }, wanted, undefined, false)).toContain("not stored");
    expect(compare(undefined, wanted, undefined, false)).toBe("its task is gone");
    expect(compare({ status: "SUCCESS" }, null, wanted, false)).toContain("invalid");
  });

  it("lets an order give up for the catalogue only when the catalogue was made to fail", () => {
    const task = { status: "FAILURE", error_code: "catalogue_failed" };
    expect(compare(task, wanted, undefined, true)).toBeUndefined();
    expect(compare(task, wanted, undefined, false)).toContain("catalogue_failed");
    expect(compare({ ...task, error_code: "crashed" }, wanted, undefined, true)).toContain(
      "crashed",
    );
  });
});

describe("the mix of orders", () => {
  it("is the same for the same seed, and another for another", () => {
    const mix = { count: 50, seed: 7, invalid: 0.2 };
    expect(makeOrders(mix)).toEqual(makeOrders(mix));
    expect(makeOrders({ ...mix, seed: 8 })).not.toEqual(makeOrders(mix));
  });

  it("holds about the share of invalid orders asked for, half of them without lines", () => {
    const orders = makeOrders({ count: 10_000, seed: 1, invalid: 0.2, firstId: 5 });
    const empty = orders.filter(({ productos }) => productos.length === 0).length;
    const unknown = orders.filter(({ productos }) =>
      productos.some(({ sku }) => ["P900", "P999", "SIN_CODIGO"].includes(sku)),
    ).length;
    expect(empty).toBeGreaterThan(850);
    expect(empty).toBeLessThan(1150);
    expect(unknown).toBeGreaterThan(850);
    expect(unknown).toBeLessThan(1150);
    expect(new Set(orders.map(({ id }) => id)).size).toBe(10_000);
    expect(orders[0]?.id).toBe(5);
  });
});
