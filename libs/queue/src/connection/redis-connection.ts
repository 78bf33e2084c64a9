import { type Logger, backoffMs } from '@aerie/runtime';
import { Redis } from 'ioredis';
import { BULLMQ_PREFIX } from '../queue-names.js';
import type { JobChangesListener } from '../store/job-store.js';
import { REDIS_CHANGES_CHANNEL, RedisJobStore } from '../store/redis-job-store.js';
import type { QueueConnection } from './queue-connection.js';

const RECONNECT_BACKOFF = { firstMs: 100, maxMs: 1_000 };
const CONNECT_TIMEOUT_MS = 5_000;

/** Jobs in Redis. */
export class RedisConnection implements QueueConnection {
  readonly kind = 'redis';
  readonly store: RedisJobStore;
  readonly queueOptions;
  readonly workerOptions;
  readonly jobOptions = {};
  /** One connection for both. */
  readonly inOrder = true;
  readonly backendFactory = undefined;
  readonly #logger: Logger;
  readonly #redis: Redis;
  readonly #listeners = new Set<JobChangesListener>();
  readonly #open: () => Redis;
  #subscriber: Redis | null = null;

  constructor(url: string, logger: Logger) {
    this.#logger = logger;
    this.#open = () => {
      const redis = new Redis(url, {
        // The first command connects, not the constructor.
        lazyConnect: true,
        // Commands wait until Redis is back. Operations of callers have their own time limit.
        maxRetriesPerRequest: null,
        connectTimeout: CONNECT_TIMEOUT_MS,
        keepAlive: CONNECT_TIMEOUT_MS,
        retryStrategy: (tries) => backoffMs(tries, RECONNECT_BACKOFF),
      });
      // BullMQ's workers duplicate the connection after Redis was reached. The copies should connect at once.
      redis.options.lazyConnect = false;
      redis.on('error', (error: Error) => {
        logger.warn({ err: error.message }, 'the connection to Redis failed');
      });
      redis.setMaxListeners(0);
      return redis;
    };
    this.#redis = this.#open();
    this.store = new RedisJobStore(this.#redis);
    this.queueOptions = { connection: this.#redis, prefix: BULLMQ_PREFIX };
    this.workerOptions = { ...this.queueOptions, removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } };
  }

  async prepare(): Promise<void> {
    await this.store.open();
    const persistence = await this.#redis.config('GET', 'appendonly').catch(() => null);
    // Managed services refuse CONFIG, so their settings are unknown.
    if (Array.isArray(persistence) && persistence[1] === 'no') {
      this.#logger.warn(
        {},
        'Redis runs without an append-only file, so jobs are lost if it is killed. Set appendonly yes.',
      );
    }
    const policy = await this.#redis.config('GET', 'maxmemory-policy').catch(() => null);
    if (Array.isArray(policy) && typeof policy[1] === 'string' && policy[1] !== 'noeviction') {
      this.#logger.warn(
        { maxmemory_policy: policy[1] },
        'Redis may evict jobs if its memory is full. Set maxmemory-policy noeviction.',
      );
    }
  }

  subscribe(listener: JobChangesListener): () => void {
    this.#listeners.add(listener);
    if (this.#subscriber === null) {
      this.#subscriber = this.#open();
      this.#subscriber.on('message', (_channel: string, message: string) => {
        const ids = message.split(',');
        for (const { onChanged } of this.#listeners) onChanged(ids);
      });
      // ioredis renews subscriptions, but announcements made meanwhile are lost.
      this.#subscriber.on('ready', () => {
        for (const { onResync } of this.#listeners) onResync();
      });
      this.#subscriber.subscribe(REDIS_CHANGES_CHANNEL).catch(() => undefined);
    }
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    // Not `quit`, which would wait for an unreachable Redis.
    this.#subscriber?.disconnect();
    this.#redis.disconnect();
    return Promise.resolve();
  }
}
