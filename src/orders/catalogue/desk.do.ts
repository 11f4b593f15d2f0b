/**
 * The one place a deployment asks its catalogue from, so that what one consumer learnt all know:
 * what was answered, which products are sick, how fast it may be asked, and whether it is down. An
 * object per catalogue URL, so a new catalogue begins with a clean record.
 *
 * All of it lives in memory; losing it costs calls, never an order. The judgement is also written
 * down, at most once a minute, so that a restart neither hammers a catalogue that is down nor asks
 * sick products at once. While the catalogue is down an alarm looks each minute whether it is back:
 * timers, which look sooner, end with the memory.
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
/** A product nobody asked for lately can only be said to have been sick. */
const SICK_LATELY_MS = 3_600_000;
const SICK_SHOWN = 20;
/** An order that heard of the outage's last moment is waiting for it by then. */
const SETTLED_MS = 5000;

interface DeskRecord {
  source: CatalogueSource;
  desk: DeskState;
}

/** What the console says of the catalogue. Times are Unix milliseconds; 0 for never. */
export interface CatalogueStatus {
  down: { since: number; why: string; probeAt: number } | null;
  lastAnswerAt: number;
  lastError: HealthState["lastError"];
  /** Products that fail while others answer, the latest to fail first. */
  sick: { product: string; since: number; failures: number; nextAt: number; why: string }[];
  sickCount: number;
  /** Since when the first of them fails; 0 when none does. */
  sickSince: number;
  /** Calls a second it allows; null while no limit is known. */
  perSecond: number | null;
  /** Orders waiting for their turn to ask. */
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

  /** Orders that waited for it need not wait for their own time, nor those about to. */
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

  /** Writes the judgement down if it is another, now or when a minute is over since the last time. */
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

/** What must change for the record to be worth writing. */
function judgementOf({ health, pace }: DeskState): string {
  const rate = pace.perSecond === null ? null : Math.round(Math.log2(pace.perSecond));
  const sick = health.sick.map(([product]) => product);
  // Which products answered changes with each call; that some did is what a restart has to know.
  return JSON.stringify([health.down?.since, sick, health.proven.length > 0, rate]);
}
