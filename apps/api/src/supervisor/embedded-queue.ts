import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '@aerie/config';
import type { PinoLogger } from '@aerie/observability';
import { EmbeddedDatabase, embeddedQueueDirectory, queueBackendOf } from '@aerie/queue';

/** The embedded job queue, which the supervisor owns and its processes share. */
export class EmbeddedQueue {
  readonly #database: EmbeddedDatabase;
  readonly #logger: PinoLogger;
  readonly #exists: boolean;
  #isOpening = false;

  private constructor(dataDir: string, logger: PinoLogger) {
    this.#logger = logger;
    this.#exists = existsSync(join(embeddedQueueDirectory(dataDir), 'db'));
    this.#database = new EmbeddedDatabase(dataDir, {
      onCrash: (error) => {
        logger.error({ err: error }, 'the embedded queue died and is being restarted');
      },
      onTrouble: (error) => {
        logger.warn({ err: error }, 'the embedded queue cannot reclaim space and tries again later');
      },
    });
  }

  /** Null if Redis or PostgreSQL keeps the jobs. */
  static of(settings: Settings, logger: PinoLogger): EmbeddedQueue | null {
    return queueBackendOf(settings).kind === 'embedded' ? new EmbeddedQueue(settings.dataDir, logger) : null;
  }

  /**
   * Locks the data directory before the server starts.
   *
   * @throws DataDirInUseError if another server uses it
   */
  async claim(): Promise<void> {
    await this.#database.claim();
  }

  /** Opens an existing queue at once. A new one is created when the server is up, because that uses all cores for a while. */
  openBeforeServing(): void {
    if (this.#exists) this.openNow();
  }

  openNow(): void {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#database.open().catch((error: unknown) => {
      this.#logger.error({ err: error }, 'the embedded queue cannot be opened; jobs are refused');
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
