import cluster, { type Worker } from 'node:cluster';
import inspector from 'node:inspector';
import { STOP_SIGNALS, type Settings, refuseSignals } from '@aerie/config';
import type { PinoLogger } from '@aerie/observability';
import { Backoff, type Clock, systemClock } from '@aerie/runtime';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { EmbeddedQueue } from './embedded-queue.js';
import { isMessage, tell } from './messages.js';
import { MetricsGatherer } from './metrics-gatherer.js';
import { ProcessWatch } from './process-watch.js';

/** The pauses start over after a process has run for 30 s. */
const RESTARTS = { firstMs: 100, maxMs: 10_000, healthyAfterMs: 30_000 };
/** Time that a process has beyond its drain deadline before it is killed, in milliseconds. */
const KILL_MARGIN_MS = 5_000;
/** npm and a terminal both deliver one Ctrl-C; a second one after this time means "now". */
const REPEAT_AFTER_MS = 1_000;

/**
 * The primary process. It starts the HTTP processes, replaces one that crashes (native code can crash a process) or does
 * not respond, and passes signals on once.
 */
export class Supervisor {
  readonly #settings: Settings;
  readonly #logger: PinoLogger;
  readonly #onListening: (port: number) => void;
  readonly #restarts = new Set<() => void>();
  readonly #backoff = new Backoff(RESTARTS);
  readonly #done: Promise<number>;
  #finish: (exitCode: number) => void = () => undefined;
  readonly #queue: EmbeddedQueue | null;
  readonly #metrics: MetricsGatherer;
  readonly #clock: Clock;
  /** Null under a debugger, which may stop processes for a long time. */
  readonly #watch: ProcessWatch | null;
  #listening = 0;
  /** Ids of the processes that accept connections. */
  readonly #up = new Set<number>();
  #replaced = 0;
  #port: number;
  /** The port setting of the running processes. They share one socket, which is identified by this number, even if it is 0. */
  #askedPort: number;
  #stoppingSince: number | undefined;
  #exitCode = 0;

  /**
   * @param onListening called once, when every process accepts connections
   * @param queue closed when the last process that uses it has ended
   */
  constructor(
    settings: Settings,
    logger: PinoLogger,
    onListening: (port: number) => void,
    queue: EmbeddedQueue | null = null,
    clock: Clock = systemClock,
  ) {
    this.#queue = queue;
    this.#clock = clock;
    this.#watch = inspector.url() === undefined ? new ProcessWatch(clock) : null;
    this.#settings = settings;
    this.#logger = logger;
    this.#onListening = onListening;
    this.#port = settings.http.port;
    this.#askedPort = settings.http.port;
    this.#metrics = new MetricsGatherer(() => this.#workers(), logger, clock);
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Resolves with the exit code when every process has ended after a stop, or when the first start failed. */
  async run(): Promise<number> {
    // Counts rate limits for all processes.
    new RateLimiterClusterMaster();
    refuseSignals(this.#logger);
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        this.#stop(signal);
      });
    }
    for (let i = 0; i < this.#settings.http.workers; i++) this.#fork();
    const exitCode = await this.#done;
    this.#watch?.stop();
    await this.#queue?.close();
    return exitCode;
  }

  #fork(): void {
    const startedAt = this.#clock.now();
    if (this.#workers().length === 0) this.#askedPort = this.#port;
    const worker = cluster.fork({ PORT: String(this.#askedPort) });
    let listened = false;
    this.#watch?.started(worker.id, (silentMs) => {
      this.#killSilent(worker, listened, silentMs);
    });
    worker.on('message', (message: unknown) => {
      this.#watch?.heard(worker.id);
      this.#metrics.heard(worker, message);
      if (listened || !isMessage(message, 'listening')) return;
      listened = true;
      this.#watch?.listening(worker.id);
      this.#port = message.port;
      this.#listening++;
      this.#up.add(worker.id);
      this.#tellCounts();
      if (this.#listening === this.#settings.http.workers) this.#onListening(message.port);
    });
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.#metrics.exited(worker);
      this.#watch?.exited(worker.id);
      this.#up.delete(worker.id);
      this.#tellCounts();
      this.#exited(worker, listened, this.#clock.now() - startedAt, code, signal);
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
      // A process that must stop before it is up has nothing to finish, and does not handle the signal yet.
      const isUnfinished = listened || signal !== 'SIGTERM';
      if (code !== 0 && isUnfinished) this.#exitCode = 1;
      this.#finishWhenAlone();
      return;
    }
    if (!listened && this.#listening < this.#settings.http.workers) {
      // The first start failed, and another attempt would only hide the reason.
      // Without a code, a signal ended it, such as that of a native crash.
      this.#exitCode = code === null || code === 0 ? 1 : code;
      this.#stop('SIGTERM');
      return;
    }
    const delayMs = this.#backoff.fail(livedMs);
    this.#logger.error(
      { process: worker.process.pid, code, signal, restart_in_ms: delayMs },
      'an HTTP process died',
    );
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#restarts.delete(cancel);
      this.#replaced++;
      this.#fork();
      this.#tellCounts();
    });
    this.#restarts.add(cancel);
  }

  /** Kills a process, which is replaced when it has ended. SIGKILL also ends a stopped process. */
  #killSilent(worker: Worker, listened: boolean, silentMs: number): void {
    this.#logger.error(
      { process: worker.process.pid, silent_ms: Math.round(silentMs) },
      listened
        ? 'an HTTP process does not respond and is killed'
        : 'an HTTP process does not accept connections and is killed',
    );
    worker.process.kill('SIGKILL');
  }

  #stop(signal: NodeJS.Signals): void {
    const now = this.#clock.now();
    if (this.#stoppingSince !== undefined) {
      if (now - this.#stoppingSince > REPEAT_AFTER_MS) this.#killAll();
      return;
    }
    this.#stoppingSince = now;
    this.#logger.info({ signal }, 'stopping');
    for (const cancel of this.#restarts) cancel();
    for (const worker of this.#workers()) worker.process.kill('SIGTERM');
    const { drainDelayMs, drainTimeoutMs } = this.#settings.http;
    this.#clock.schedule(drainDelayMs + drainTimeoutMs + KILL_MARGIN_MS, () => {
      this.#killAll();
    });
    this.#finishWhenAlone();
  }

  /** Reports the numbers of processes for /health. */
  #tellCounts(): void {
    const counts = { up: this.#up.size, wanted: this.#settings.http.workers, restarts: this.#replaced };
    for (const worker of this.#workers()) tell(worker, { type: 'http-processes', ...counts });
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
