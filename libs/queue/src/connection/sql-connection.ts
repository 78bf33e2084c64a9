import type { Logger } from '@aerie/runtime';
import { createPostgresBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import { EmbeddedPool } from '../embedded/embedded-pool.js';
import { embeddedQueueDirectory } from '../embedded/embedded-database.js';
import { SqlJobStore } from '../store/sql-job-store.js';
import type { JobChangesListener } from '../store/job-store.js';
import type { QueueConnection } from './queue-connection.js';
import { SqlSubscription } from './sql-subscription.js';

/** Sessions of one process. Each worker's queue and the store hold one each to listen. */
const MAX_SESSIONS = 24;
const CONNECT_TIMEOUT_MS = 5_000;

type SqlPoolLike = EmbeddedPool | pg.Pool;

/** Jobs in PostgreSQL, on a server or embedded. */
export class SqlConnection implements QueueConnection {
  readonly kind: 'embedded' | 'postgres';
  readonly store: SqlJobStore;
  readonly queueOptions;
  readonly workerOptions;
  readonly jobOptions = { removeOnComplete: true, removeOnFail: true };
  readonly inOrder = false;
  readonly backendFactory = createPostgresBackend;
  readonly #pool: SqlPoolLike;
  readonly #urgentPool: SqlPoolLike;
  readonly #subscription: SqlSubscription;

  private constructor(kind: 'embedded' | 'postgres', pool: SqlPoolLike, urgentPool = pool) {
    this.kind = kind;
    this.#pool = pool;
    this.#urgentPool = urgentPool;
    this.store = new SqlJobStore(pool, urgentPool);
    // BullMQ accepts any pool of this shape, but its types name only node-postgres.
    this.queueOptions = { connection: urgentPool as never };
    this.workerOptions = { connection: pool as never };
    this.#subscription = new SqlSubscription(() => pool.connect());
  }

  static embedded(dataDir: string): SqlConnection {
    const directory = embeddedQueueDirectory(dataDir);
    // The database runs one statement at a time. The urgent pool's statements overtake those of the workers.
    return new SqlConnection('embedded', new EmbeddedPool(directory), new EmbeddedPool(directory, true));
  }

  static postgres(url: string, logger: Logger): SqlConnection {
    const pool = new pg.Pool({
      connectionString: url,
      max: MAX_SESSIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: CONNECT_TIMEOUT_MS,
      options: '-c search_path=bullmq,public',
      application_name: 'aerie',
    });
    pool.on('error', (error) => {
      logger.warn({ err: error.message }, 'a connection to PostgreSQL was lost');
    });
    pool.setMaxListeners(0);
    return new SqlConnection('postgres', pool);
  }

  async prepare(): Promise<void> {
    // The owner of the embedded database has migrated BullMQ's part.
    if (this.#pool instanceof pg.Pool) await migrate(this.#pool);
    await this.store.open();
  }

  subscribe(listener: JobChangesListener): () => void {
    return this.#subscription.add(listener);
  }

  async close(): Promise<void> {
    this.#subscription.close();
    await this.#pool.end();
    if (this.#urgentPool !== this.#pool) await this.#urgentPool.end();
  }
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client, 'bullmq');
  } finally {
    client.release();
  }
}
