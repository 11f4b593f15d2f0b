import { expect, it } from "vitest";
import { putOff, putOffForDays, putOffOrDrop } from "../../src/tasks/running/put-off";

/** Makes a delivered message that notes what becomes of it. */
function aMessage(attempts: number) {
  const became: unknown[] = [];
  const message = {
    id: "1",
    timestamp: new Date(0),
    body: null,
    attempts,
    ack: () => became.push("ack"),
    retry: ({ delaySeconds }: QueueRetryOptions = {}) => became.push(delaySeconds),
  } as Message;
  return { message, became };
}

it("waits longer with each delivery, up to a fifth more by the random number it is given", () => {
  const waits = (random: number) =>
    [1, 2, 3, 20].map((attempts) => {
      const { message, became } = aMessage(attempts);
      putOff(message, random);
      return became[0];
    });
  expect(waits(0)).toEqual([5, 10, 20, 900]);
  expect(waits(0.5)).toEqual([6, 11, 22, 900]);
});

it("waits from a minute to an hour for what has no other way back", () => {
  const { message, became } = aMessage(1);
  putOffForDays(message, 0);
  putOffForDays(message, 0.5);
  expect(became).toEqual([60, 66]);
});

it("lets go of a message whose row brings it back, once it was delivered often enough", () => {
  const [early, late] = [aMessage(49), aMessage(50)];
  putOffOrDrop(early.message, 0);
  putOffOrDrop(late.message, 0);
  expect([early.became, late.became]).toEqual([[900], ["ack"]]);
});
