import { join } from 'node:path';
import {
  type Clock,
  reviveError,
  type SerializedError,
  type SpawnThread,
  spawnWorkerThread,
  SupervisedThread,
  type ThreadLoss,
} from '@aerie/runtime';
import { DataDirInUseError } from './data-dir-in-use.error.js';

/** Folder of the embedded queue in DATA_DIR. */
const FOLDER = 'queue';

/** Time to take the directory: a few operations on files. */
const START_TIMEOUT_MS = 60_000;
/**
 * Time to open the database, and between two rounds of its housekeeping, which wait for their turn among the statements.
 * A round may look through tables of gigabytes.
 */
const STALL_TIMEOUT_MS = 600_000;
/** A database that is not closed in time is not harmed, but goes through its log when it is opened next. */
const CLOSE_TIMEOUT_MS = 60_000;
/**
 * Rows pass through the heap as texts. Measured: 20 MiB at rest, below 128 with eight job batches of 28 MB at once, below
 * 384 while one statement reads 256 rows of 1 MB. The database's own memory is WebAssembly's: this limit does not count it,
 * PGlite ends it at 2 GiB. The stack stays as threads have it, 4 MiB: expressions may nest some 3,000 deep in it.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 1024 };

/** The folder of the embedded queue in a data directory. */
export function embeddedQueueDirectory(dataDir: string): string {
  return join(dataDir, FOLDER);
}

/** Start data of the thread. It takes the directory at once, and opens the database when told to. */
export interface DatabaseThreadData {
  readonly directory: string;
}

/** A message from the thread. */
export type DatabaseReport =
  | { readonly type: 'open' }
  /** A round of housekeeping ended, with or without trouble. */
  | { readonly type: 'round'; readonly trouble: SerializedError | null };

/** Events of the embedded database for its owner. */
export interface EmbeddedDatabaseEvents {
  /** The thread was lost and is replaced. */
  readonly onCrash?: (error: Error) => void;
  /** Space could not be reclaimed; the next round tries again. */
  readonly onTrouble?: (error: Error) => void;
}

/** Dependencies of an embedded database. */
export interface EmbeddedDatabasePorts {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Starts the thread. Default: one of `node:worker_threads`. */
  readonly spawn?: SpawnThread<'open', DatabaseReport, null>;
}

/** A promise that waits for the thread. */
interface Waiting<T> {
  resolve(outcome: T): void;
  reject(error: Error): void;
}

/** Owns the thread of the embedded database. Each server has one; its processes reach it through a socket. */
export class EmbeddedDatabase {
  readonly #directory: string;
  readonly #events: EmbeddedDatabaseEvents;
  readonly #thread: SupervisedThread<'open', DatabaseReport, null>;
  #claiming: Waiting<void> | null = null;
  #opening: Waiting<'open' | 'closed'> | null = null;
  #isOpenWanted = false;

  /** @param dataDir DATA_DIR, absolute */
  constructor(dataDir: string, events: EmbeddedDatabaseEvents = {}, ports: EmbeddedDatabasePorts = {}) {
    this.#directory = embeddedQueueDirectory(dataDir);
    this.#events = events;
    const { clock, spawn } = ports;
    this.#thread = new SupervisedThread({
      spawn:
        spawn ??
        spawnWorkerThread({
          url: new URL('./embedded-database.worker.js', import.meta.url),
          name: 'embedded database',
          data: () => ({ directory: this.#directory }) satisfies DatabaseThreadData,
          resourceLimits: RESOURCE_LIMITS,
        }),
      owner: {
        ready: () => {
          this.#claimed();
        },
        message: (report) => {
          this.#receive(report);
        },
        lost: (loss) => this.#lose(loss),
      },
      startTimeoutMs: START_TIMEOUT_MS,
      stallTimeoutMs: STALL_TIMEOUT_MS,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      // Two threads that have the database open at the same time would destroy it.
      maxAbandoned: 0,
      ...(clock === undefined ? {} : { clock }),
    });
  }

  /**
   * Takes the directory; opens nothing yet.
   *
   * @throws DataDirInUseError when another process has the directory
   */
  claim(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#claiming = { resolve, reject };
      this.#thread.start();
    });
  }

  /**
   * Resolves when the database responds, or when it was closed before. The first start in a new directory takes seconds to
   * create it. Allowed once, after {@link EmbeddedDatabase.claim}.
   *
   * @throws Error when the thread is lost before; its successor tries again all the same
   */
  open(): Promise<'open' | 'closed'> {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#isOpenWanted = true;
      if (this.#thread.state === 'ready') this.#open();
    });
  }

  /** Closes the database in order: acknowledged changes are on disk. */
  async close(): Promise<void> {
    await this.#thread.close();
    this.#opening?.resolve('closed');
    this.#opening = null;
  }

  #claimed(): void {
    this.#claiming?.resolve();
    this.#claiming = null;
    if (this.#isOpenWanted) this.#open();
  }

  #open(): void {
    this.#thread.send('open');
    this.#thread.expectProgress();
  }

  #receive(report: DatabaseReport): void {
    this.#thread.expectProgress();
    if (report.type === 'open') {
      this.#opening?.resolve('open');
      this.#opening = null;
    } else if (report.trouble !== null) this.#events.onTrouble?.(reviveError(report.trouble));
  }

  #lose({ cause }: ThreadLoss): boolean {
    if (this.#claiming !== null) {
      // An error from a thread has lost its class.
      const isTaken = cause.name === 'DataDirInUseError';
      this.#claiming.reject(isTaken ? new DataDirInUseError(this.#directory) : cause);
      return false;
    }
    this.#events.onCrash?.(cause);
    this.#opening?.reject(
      new Error('The thread of the embedded queue was lost before the queue was open.', { cause }),
    );
    this.#opening = null;
    return true;
  }
}
