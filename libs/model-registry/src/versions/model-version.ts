import { AerieError } from '@aerie/contracts';
import { Backoff, type Clock, type Logger, MAX_TIMER_MS, untilAborted } from '@aerie/runtime';
import type { ModelRuntime } from '../loading/model-runtime.js';
import type { VersionState } from '../model-description.js';
import { ModelLoadError } from '../model-load.error.js';
import type { ModelReference } from '../model-selector.js';

/** The right to use a loaded version; it is not unloaded before the lease is released. */
export interface Lease {
  readonly runtime: ModelRuntime;
  /** Idempotent. */
  release(): void;
}

/** Options for a version. */
export interface ModelVersionOptions {
  readonly reference: ModelReference;
  /** Loads and warms the version. Called once at a time. */
  readonly open: (signal: AbortSignal) => Promise<ModelRuntime>;
  /** Idle time after which it is unloaded, in milliseconds; 0: never. */
  readonly keepAliveMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

type State =
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'loading'; readonly done: Promise<void>; readonly abort: AbortController }
  | { readonly kind: 'ready'; readonly runtime: ModelRuntime; readonly loadedAt: Date }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAt: number }
  | { readonly kind: 'unloading'; readonly done: Promise<void> };

/**
 * The life of one version: unloaded -> loading -> ready -> unloading -> unloaded, or loading -> failed -> loading.
 * Requests during a load share it. After a failed load, requests are refused until the back-off is over.
 */
export class ModelVersion {
  readonly #options: ModelVersionOptions;
  readonly #backOff = new Backoff({ firstMs: 1_000, maxMs: 60_000 });
  #state: State = { kind: 'unloaded' };
  #leases = 0;
  #error: string | null = null;
  #loggedFailure: string | null = null;
  #cancelIdleTimer = (): void => undefined;
  #onLeasesGone: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: ModelVersionOptions) {
    this.#options = options;
  }

  /** For logs, such as `minilm-l6-v2@1`. */
  get name(): string {
    const { name, version } = this.#options.reference;
    return `${name}@${version}`;
  }

  get state(): VersionState {
    return this.#state.kind;
  }

  /** The loaded model; null when it is not ready. */
  get runtime(): ModelRuntime | null {
    return this.#state.kind === 'ready' ? this.#state.runtime : null;
  }

  get loadedAt(): Date | null {
    return this.#state.kind === 'ready' ? this.#state.loadedAt : null;
  }

  /** Why the last load failed, fit for callers, also while the next is under way; null when it did not. */
  get error(): string | null {
    return this.#error;
  }

  /**
   * Loads the version if it is not, and keeps it loaded until the lease is released.
   * `signal` ends this wait only, not the load.
   *
   * @throws AerieError MODEL_NOT_LOADED (with `retryAfterMs`) or SHUTTING_DOWN; or the signal's reason.
   */
  async acquire(signal?: AbortSignal): Promise<Lease> {
    for (;;) {
      if (this.#closing !== null) throw this.#shuttingDown();
      if (this.#state.kind === 'ready') return this.#lease(this.#state.runtime);
      await untilAborted(this.load(), signal);
    }
  }

  /**
   * Loads the version if it is not.
   *
   * @throws AerieError MODEL_NOT_LOADED (with `retryAfterMs`) or SHUTTING_DOWN.
   */
  async load(): Promise<void> {
    if (this.#closing !== null) throw this.#shuttingDown();
    const state = this.#state;
    switch (state.kind) {
      case 'ready':
        return;
      case 'loading':
        return state.done;
      case 'unloading':
        await state.done;
        return this.load();
      case 'failed': {
        const leftMs = state.retryAt - this.#options.clock.now();
        if (leftMs > 0) throw this.#notLoaded(state.reason, leftMs);
        return this.#begin();
      }
      case 'unloaded':
        return this.#begin();
    }
  }

  /**
   * Takes no more users, waits for the leases (until `signal` aborts) and unloads. A load in progress is given up.
   * Idempotent.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#close(signal);
    return this.#closing;
  }

  #begin(): Promise<void> {
    const abort = new AbortController();
    const done = Promise.resolve().then(() => this.#open(abort.signal));
    // Those who wait handle a failure; there may be nobody left who does.
    done.catch(() => undefined);
    this.#state = { kind: 'loading', done, abort };
    return done;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { open, reference, clock, logger } = this.#options;
    const startedAt = clock.now();
    try {
      const runtime = await open(signal);
      if (signal.aborted) {
        await runtime.close(signal);
        throw this.#shuttingDown();
      }
      this.#state = { kind: 'ready', runtime, loadedAt: new Date() };
    } catch (error) {
      if (signal.aborted) {
        this.#state = { kind: 'unloaded' };
        throw this.#shuttingDown();
      }
      throw this.#fail(error);
    }
    this.#backOff.reset();
    this.#error = null;
    this.#loggedFailure = null;
    logger.info(
      { ...logFields(reference), duration_ms: Math.round(clock.now() - startedAt) },
      'model loaded',
    );
    this.#armIdleTimer();
  }

  #fail(error: unknown): AerieError {
    const { reference, clock, logger } = this.#options;
    const reason = error instanceof ModelLoadError ? error.reason : 'it failed for a reason that the log has';
    const retryAfterMs = this.#backOff.fail();
    this.#state = { kind: 'failed', reason, retryAt: clock.now() + retryAfterMs };
    this.#error = reason;
    // It is tried again for as long as the server runs: the same failure is an error once.
    const failure = String(error);
    logger[failure === this.#loggedFailure ? 'debug' : 'error'](
      { ...logFields(reference), err: error, retry_after_ms: retryAfterMs },
      'model could not be loaded',
    );
    this.#loggedFailure = failure;
    return this.#notLoaded(reason, retryAfterMs);
  }

  #lease(runtime: ModelRuntime): Lease {
    this.#cancelIdleTimer();
    this.#leases += 1;
    let released = false;
    return {
      runtime,
      release: () => {
        if (released) return;
        released = true;
        this.#leases -= 1;
        if (this.#leases > 0) return;
        this.#onLeasesGone?.();
        this.#armIdleTimer();
      },
    };
  }

  #armIdleTimer(idleSince = this.#options.clock.now()): void {
    const { keepAliveMs, clock } = this.#options;
    this.#cancelIdleTimer();
    if (keepAliveMs === 0 || this.#closing !== null) return;
    const leftMs = Math.max(0, idleSince + keepAliveMs - clock.now());
    this.#cancelIdleTimer = clock.schedule(leftMs, () => {
      if (this.#state.kind !== 'ready') return;
      // Work whose callers have left may still be queued or running.
      if (this.#state.runtime.activity().stalledForMs !== null) this.#armIdleTimer();
      else if (leftMs > MAX_TIMER_MS) this.#armIdleTimer(idleSince);
      else void this.#unload(this.#state.runtime);
    });
  }

  #unload(runtime: ModelRuntime, signal?: AbortSignal): Promise<void> {
    const { reference, logger } = this.#options;
    const done = runtime.close(signal).then(
      () => {
        this.#state = { kind: 'unloaded' };
        logger.info(logFields(reference), 'model unloaded');
      },
      (error: unknown) => {
        this.#state = { kind: 'unloaded' };
        logger.error({ ...logFields(reference), err: error }, 'model could not be unloaded cleanly');
      },
    );
    this.#state = { kind: 'unloading', done };
    return done;
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    this.#cancelIdleTimer();
    if (this.#state.kind === 'loading') {
      this.#state.abort.abort(this.#shuttingDown());
      await this.#state.done.catch(() => undefined);
    }
    if (this.#state.kind === 'ready' && this.#leases > 0) {
      const gone = new Promise<void>((resolve) => {
        this.#onLeasesGone = resolve;
      });
      await untilAborted(gone, signal).catch(() => undefined);
    }
    if (this.#state.kind === 'ready') await this.#unload(this.#state.runtime, signal);
    else if (this.#state.kind === 'unloading') await this.#state.done;
  }

  #notLoaded(reason: string, retryAfterMs: number): AerieError {
    const { name, version } = this.#options.reference;
    const seconds = Math.ceil(retryAfterMs / 1000);
    return new AerieError(
      'MODEL_NOT_LOADED',
      `The model "${name}" version ${version} could not be loaded: ${reason}. It is tried again in ${seconds} s.`,
      { retryAfterMs },
    );
  }

  #shuttingDown(): AerieError {
    return new AerieError('SHUTTING_DOWN', 'The server is shutting down and takes no more requests.');
  }
}

function logFields({ name, version }: ModelReference): object {
  return { model: name, version };
}
