/**
 * The desk is the one place that a deployment asks its catalogue from, so that what one consumer
 * learns all know: answers, sick products, how fast it may be asked, and whether it is down. Each
 * catalogue URL has an object, so that a new catalogue begins with a clean record.
 *
 * All of it is in memory, and losing it costs calls, never an order. The judgement is also stored, at
 * most once a minute, so that a restart neither hammers a catalogue that is down nor asks sick
 * products at once. While the catalogue is down an alarm asks each minute whether it is back, as
 * timers, which ask sooner, end with the memory.
 */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../../lib/clock";
import { log } from "../../log";
import { wakeWaiting } from "../../tasks/recovery/wake";
import { CATALOGUE_WAITING } from "../order/errors";
import { ORDER_TASK } from "../order/order";
import type { Need } from "./asks";
import { callCatalogue, type CatalogueSource } from "./call";
import { CatalogueRequests, type DeskState, type Found } from "./desk";
import type { HealthState } from "./health";
import { MAX_PROBE_MS } from "./judgement";

const RECORD = "record";
const SAVE_EVERY_MS = 60_000;
/** A product whose last failure is older than this is not shown as sick, as nobody asked since. */
const SICK_LATELY_MS = 3_600_000;
const SICK_SHOWN = 20;
/** An order that saw an outage's last moment waits by then, so that a second wake finds it. */
const SETTLED_MS = 5000;

interface DeskRecord {
  source: CatalogueSource;
  desk: DeskState;
}

/** CatalogueStatus is for the console. Times are Unix milliseconds; 0 is never. */
export interface CatalogueStatus {
  down: { since: number; why: string; probeAt: number } | null;
  lastAnswerAt: number;
  lastError: HealthState["lastError"];
  /** The products that fail while others answer, the latest to fail first. */
  sick: { product: string; since: number; failures: number; nextAt: number; why: string }[];
  sickCount: number;
  /** The time since which the first of them has failed; 0 when none fails. */
  sickSince: number;
  /** The calls a second that it allows; null while no limit is known. */
  perSecond: number | null;
  /** The number of orders that wait for their turn to ask. */
  waiting: number;
}

export class CatalogueDesk extends DurableObject<Env> {
  #source: CatalogueSource | undefined;
  #desk: CatalogueRequests | undefined;
  #saved: string | undefined;
  #savedAt = 0;
  #saving = false;

  lookup(source: CatalogueSource, needs: Need[]): Promise<Found> {
    this.#source = source;
    return this.#open().lookup(needs);
  }

  status(): CatalogueStatus {
    const desk = this.#open();
    const { health, pace } = desk.state;
    const { down, lastAnswerAt, lastError } = health;
    const sick = health.sick
      .filter(([, { failedAt }]) => Date.now() - failedAt < SICK_LATELY_MS)
      .toReversed();
    return {
      down: down && { since: down.since, why: down.why, probeAt: down.probeAt },
      lastAnswerAt,
      lastError,
      sick: sick.slice(0, SICK_SHOWN).map(([product, { since, failures, until, why }]) => ({
        product,
        since,
        failures,
        nextAt: until,
        why,
      })),
      sickCount: sick.length,
      sickSince: sick.reduce(
        (first, [, { since }]) => Math.min(first, since),
        sick[0]?.[1].since ?? 0,
      ),
      perSecond: pace.perSecond,
      waiting: desk.waiting,
    };
  }

  override async alarm(): Promise<void> {
    const desk = this.#open();
    desk.pump();
    if (desk.state.health.down) {
      await this.ctx.storage.setAlarm(Date.now() + MAX_PROBE_MS);
    }
  }

  #open(): CatalogueRequests {
    if (!this.#desk) {
      const record = this.ctx.storage.kv.get<DeskRecord>(RECORD);
      this.#source ??= record?.source;
      this.#desk = new CatalogueRequests({
        clock: systemClock,
        call: (product, dropped) =>
          callCatalogue(this.#source ?? { url: "", timeoutMs: MAX_PROBE_MS }, product, dropped),
        onHealed: () => this.ctx.waitUntil(this.#wake()),
        onCalled: () => this.#save(),
        state: record?.desk,
      });
      this.#saved = judgementOf(this.#desk.state);
    }
    return this.#desk;
  }

  /** Wakes the orders that wait for the catalogue, and again those that were about to wait. */
  async #wake(): Promise<void> {
    const waiting = { name: ORDER_TASK, code: CATALOGUE_WAITING };
    try {
      await wakeWaiting(this.env, waiting);
      await scheduler.wait(SETTLED_MS);
      await wakeWaiting(this.env, waiting);
    } catch (error) {
      log.warn("catalogue.wake_failed", { message: String(error) });
    }
  }

  /** Stores the judgement if it has changed, now or once a minute is over since the last time. */
  #save(): void {
    const state = this.#desk?.state;
    const judgement = state && judgementOf(state);
    if (!state || !this.#source || judgement === this.#saved) {
      return;
    }
    const wait = this.#savedAt + SAVE_EVERY_MS - Date.now();
    if (wait > 0 && wait <= SAVE_EVERY_MS) {
      this.#saveIn(wait);
      return;
    }
    this.#savedAt = Date.now();
    this.#saved = judgement;
    this.ctx.storage.kv.put<DeskRecord>(RECORD, { source: this.#source, desk: state });
    if (state.health.down) {
      this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + MAX_PROBE_MS));
    }
  }

  #saveIn(ms: number): void {
    if (!this.#saving) {
      this.#saving = true;
      setTimeout(() => {
        this.#saving = false;
        this.#save();
      }, ms);
    }
  }
}

/** Returns what must change for the record to be worth a write. */
function judgementOf({ health, pace }: DeskState): string {
  const rate = pace.perSecond === null ? null : Math.round(Math.log2(pace.perSecond));
  const sick = health.sick.map(([product]) => product);
  // Which products answered changes with each call, but a restart only has to know that some did.
  return JSON.stringify([health.down?.since, sick, health.proven.length > 0, rate]);
}
