import cluster, { type Worker } from 'node:cluster';
import type { Settings } from '@aerie/config';
import type { Logger } from '@aerie/observability';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { EmbeddedQueue } from './embedded-queue.js';
import { isMessage } from './messages.js';
import { MetricsGatherer } from './metrics-gatherer.js';

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
/** A process that lived this long was well: the next restart is immediate again. */
const HEALTHY_AFTER_MS = 30_000;
/** What a process gets beyond its own drain deadline before it is killed. */
const KILL_MARGIN_MS = 5_000;
/** npm and a terminal both deliver one Ctrl-C; a second one after this time means "now". */
const REPEAT_AFTER_MS = 1_000;

/**
 * The primary process: starts the HTTP processes, replaces one that crashes (native code can take a process down), and
 * passes signals on once.
 */
export class Supervisor {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #onListening: (port: number) => void;
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #done: Promise<number>;
  #finish: (exitCode: number) => void = () => undefined;
  readonly #queue: EmbeddedQueue | null;
  readonly #metrics: MetricsGatherer;
  #listening = 0;
  #port: number;
  /** What the processes that live were told to listen on; they share one socket, found by this number, also if it is 0. */
  #askedPort: number;
  #backoffMs = FIRST_BACKOFF_MS;
  #stoppingSince: number | undefined;
  #exitCode = 0;

  /**
   * @param onListening called once, when every process accepts connections
   * @param queue closed when the last process that uses it has ended
   */
  constructor(
    settings: Settings,
    logger: Logger,
    onListening: (port: number) => void,
    queue: EmbeddedQueue | null = null,
  ) {
    this.#queue = queue;
    this.#settings = settings;
    this.#logger = logger;
    this.#onListening = onListening;
    this.#port = settings.http.port;
    this.#askedPort = settings.http.port;
    this.#metrics = new MetricsGatherer(() => this.#workers(), logger);
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Resolves with the exit code when every process has ended after a stop, or when the first start failed. */
  async run(): Promise<number> {
    // Counts rate limits for all processes.
    new RateLimiterClusterMaster();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        this.#stop(signal);
      });
    }
    for (let i = 0; i < this.#settings.http.workers; i++) this.#fork();
    const exitCode = await this.#done;
    await this.#queue?.close();
    return exitCode;
  }

  #fork(): void {
    const startedAt = performance.now();
    if (this.#workers().length === 0) this.#askedPort = this.#port;
    const worker = cluster.fork({ PORT: String(this.#askedPort) });
    let listened = false;
    worker.on('message', (message: unknown) => {
      this.#metrics.heard(worker, message);
      if (listened || !isMessage(message, 'listening')) return;
      listened = true;
      this.#port = message.port;
      this.#listening++;
      if (this.#listening === this.#settings.http.workers) this.#onListening(message.port);
    });
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.#metrics.exited(worker);
      this.#exited(worker, listened, performance.now() - startedAt, code, signal);
    });
  }

  #exited(
    worker: Worker,
    listened: boolean,
    livedMs: number,
    code: number | null,
    signal: string | null,
  ): void {
    if (this.#stoppingSince !== undefined) {
      if (code !== 0) this.#exitCode = 1;
      this.#finishWhenAlone();
      return;
    }
    if (!listened && this.#listening < this.#settings.http.workers) {
      // The first start failed: trying again would only hide why.
      // No code: a signal ended it, such as the one of a native crash.
      this.#exitCode = code === null || code === 0 ? 1 : code;
      this.#stop('SIGTERM');
      return;
    }
    if (livedMs > HEALTHY_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#logger.error(
      { pid: worker.process.pid, code, signal, restart_in_ms: this.#backoffMs },
      'an HTTP process died',
    );
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#fork();
    }, this.#backoffMs);
    this.#restarts.add(timer);
    this.#backoffMs = Math.min(LONGEST_BACKOFF_MS, this.#backoffMs * 2);
  }

  #stop(signal: NodeJS.Signals): void {
    const now = performance.now();
    if (this.#stoppingSince !== undefined) {
      if (now - this.#stoppingSince > REPEAT_AFTER_MS) this.#killAll();
      return;
    }
    this.#stoppingSince = now;
    this.#logger.info({ signal }, 'stopping');
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const worker of this.#workers()) worker.process.kill('SIGTERM');
    const { drainDelayMs, drainTimeoutMs } = this.#settings.http;
    setTimeout(
      () => {
        this.#killAll();
      },
      drainDelayMs + drainTimeoutMs + KILL_MARGIN_MS,
    ).unref();
    this.#finishWhenAlone();
  }

  #killAll(): void {
    for (const worker of this.#workers()) worker.process.kill('SIGKILL');
  }

  #finishWhenAlone(): void {
    if (this.#workers().length === 0) this.#finish(this.#exitCode);
  }

  #workers(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter(
      (worker): worker is Worker => worker?.isDead() === false,
    );
  }
}
