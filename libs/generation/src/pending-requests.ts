import type { AerieError } from '@aerie/contracts';
import type { GenerationRecord, GenerationTotals } from './generation-engine-options.js';
import type { GenerationUsage } from './generation-request.js';
import type { PendingRequest } from './pending-request.js';

/** Assumed until requests have shown how long they take. */
const FIRST_MEAN_MS = 2_000;

/** Requests that are not settled yet, and the totals of the settled ones. */
export class PendingRequests {
  readonly #requests = new Map<number, PendingRequest>();
  #totals: GenerationTotals = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  #meanRequestMs = FIRST_MEAN_MS;

  /** Totals of all settled requests. */
  get totals(): GenerationTotals {
    return this.#totals;
  }

  /** Recent duration of completed requests. */
  get meanRequestMs(): number {
    return this.#meanRequestMs;
  }

  add(pending: PendingRequest): void {
    this.#requests.set(pending.id, pending);
  }

  get(id: number): PendingRequest | undefined {
    return this.#requests.get(id);
  }

  all(): readonly PendingRequest[] {
    return [...this.#requests.values()];
  }

  /** Requests that have not left the queue and whose caller still waits. */
  waiting(): number {
    let waiting = 0;
    for (const { started, stream } of this.#requests.values()) if (!started && !stream.ended) waiting++;
    return waiting;
  }

  /** Reports a request's end and forgets it. */
  settle(pending: PendingRequest, outcome: GenerationRecord['outcome'], usage: GenerationUsage): void {
    this.#requests.delete(pending.id);
    this.#totals = {
      promptTokens: this.#totals.promptTokens + usage.promptTokens,
      cachedTokens: this.#totals.cachedTokens + usage.cachedTokens,
      completionTokens: this.#totals.completionTokens + usage.completionTokens,
    };
    pending.settle(outcome, usage);
    if (outcome === 'completed') this.#meanRequestMs += (pending.elapsedMs() - this.#meanRequestMs) / 16;
  }

  /** Ends the selected requests with an error. */
  fail(which: (pending: PendingRequest) => boolean, error: AerieError): void {
    for (const pending of this.all().filter(which)) {
      pending.endStream(error);
      this.settle(pending, 'failed', pending.stream.usage);
    }
  }
}
