import type { AerieError } from '@aerie/contracts';
import type { Clock } from '@aerie/runtime';
import type { GenerationObserver, GenerationRecord } from './generation-engine-options.js';
import type { GenerationEvent, GenerationRequest, GenerationUsage } from './generation-request.js';
import type { GenerationStream } from './generation-stream.js';

/** Options for a {@link PendingRequest}. */
export interface PendingRequestOptions {
  readonly id: number;
  readonly request: GenerationRequest;
  readonly stream: GenerationStream;
  readonly signal: AbortSignal | undefined;
  readonly observer: GenerationObserver;
  readonly clock: Clock;
}

/** A request on the caller's side: its stream, its deadlines, and its times for metrics. */
export class PendingRequest {
  readonly id: number;
  readonly request: GenerationRequest;
  readonly stream: GenerationStream;
  /** Whether it has left the thread's queue. */
  started = false;
  /** How often it was sent to a thread. */
  sent = 0;
  readonly #options: PendingRequestOptions;
  readonly #acceptedAt: number;
  readonly #lastTextAt = new Map<number, number>();
  /** Cancel the timers of its deadlines. */
  readonly #deadlines = new Set<() => void>();
  #cancelFirstToken: (() => void) | null = null;
  #onAbort: (() => void) | null = null;
  #queueMs: number | null = null;
  #hasText = false;
  #settled = false;

  constructor(options: PendingRequestOptions) {
    this.id = options.id;
    this.request = options.request;
    this.stream = options.stream;
    this.#options = options;
    this.#acceptedAt = options.clock.now();
  }

  /** Starts the deadlines and listens to the caller's signal. */
  watch(onDeadline: (what: string, timeoutMs: number) => void, onAbort: () => void): void {
    const { firstTokenTimeoutMs, timeoutMs } = this.request;
    if (firstTokenTimeoutMs !== undefined) {
      this.#cancelFirstToken = this.#deadline(firstTokenTimeoutMs, () =>
        onDeadline('the first token', firstTokenTimeoutMs),
      );
    }
    if (timeoutMs !== undefined) this.#deadline(timeoutMs, () => onDeadline('the text', timeoutMs));
    this.#onAbort = onAbort;
    this.#options.signal?.addEventListener('abort', onAbort, { once: true });
  }

  start(): void {
    this.started = true;
    this.#queueMs = this.elapsedMs();
  }

  /** Forwards an event. */
  push(event: GenerationEvent): void {
    if (event.type === 'text') this.#timeText(event.index);
    this.stream.push(event);
  }

  /** Ends the stream for the caller. The final record follows when the thread has counted the last token. */
  endStream(error: AerieError | null): void {
    for (const cancel of this.#deadlines) cancel();
    this.#deadlines.clear();
    if (this.#onAbort !== null) this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#onAbort = null;
    this.stream.end(error);
  }

  /** Reports the request's end, once. */
  settle(outcome: GenerationRecord['outcome'], usage: GenerationUsage): void {
    if (this.#settled) return;
    this.#settled = true;
    this.stream.setUsage(usage);
    this.#options.observer.onEnd?.({
      outcome,
      usage,
      queueMs: this.#queueMs,
      totalMs: this.elapsedMs(),
    });
  }

  #timeText(index: number): void {
    const { observer, clock } = this.#options;
    const at = clock.now();
    const last = this.#lastTextAt.get(index);
    this.#lastTextAt.set(index, at);
    if (last !== undefined) observer.onInterToken?.(at - last);
    if (this.#hasText) return;
    this.#hasText = true;
    observer.onFirstToken?.(this.elapsedMs());
    this.#cancelFirstToken?.();
  }

  /** Time since it was accepted. */
  elapsedMs(): number {
    return this.#options.clock.now() - this.#acceptedAt;
  }

  #deadline(delayMs: number, callback: () => void): () => void {
    const cancel = this.#options.clock.schedule(delayMs, callback);
    this.#deadlines.add(cancel);
    return cancel;
  }
}
