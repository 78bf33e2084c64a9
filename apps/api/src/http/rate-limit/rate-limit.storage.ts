import cluster from 'node:cluster';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterCluster,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Where requests are counted. */
export interface RateLimitStorageOptions {
  /** Counts are shared by every replica of the server through it; without it, by the processes of this one. */
  readonly redisUrl: string | null;
  /** HTTP processes of this server. */
  readonly workers: number;
  readonly onRedisError: (error: Error) => void;
}

/** Keeps the counts of one fixed window per caller and bucket. Old windows expire by themselves. */
export class RateLimitStorage implements ThrottlerStorage, OnApplicationShutdown {
  readonly #options: RateLimitStorageOptions;
  readonly #limiters = new Map<string, RateLimiterAbstract>();
  #redis: Redis | undefined;

  constructor(options: RateLimitStorageOptions) {
    this.#options = options;
  }

  /** @param ttl length of the window, milliseconds */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    _block: number,
    bucket: string,
  ): Promise<ThrottlerRecord> {
    const limiter = this.#limiterOf(bucket, limit, ttl);
    const outcome = await limiter.consume(key).catch((refused: unknown) => {
      if (refused instanceof RateLimiterRes) return refused;
      throw refused;
    });
    const seconds = Math.max(1, Math.ceil(outcome.msBeforeNext / 1000));
    const isBlocked = outcome.consumedPoints > limit;
    return {
      totalHits: outcome.consumedPoints,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#redis?.quit().catch(() => undefined);
  }

  #limiterOf(bucket: string, points: number, ttl: number): RateLimiterAbstract {
    let limiter = this.#limiters.get(bucket);
    if (limiter === undefined) {
      limiter = this.#createLimiter({ keyPrefix: `aerie:rate:${bucket}`, points, duration: ttl / 1000 });
      this.#limiters.set(bucket, limiter);
    }
    return limiter;
  }

  #createLimiter(options: { keyPrefix: string; points: number; duration: number }): RateLimiterAbstract {
    const { redisUrl, workers } = this.#options;
    const local =
      cluster.isWorker && workers > 1
        ? new RateLimiterCluster({ ...options, timeoutMs: 1000 })
        : new RateLimiterMemory(options);
    if (redisUrl === null) return local;
    // While Redis is away each process counts for itself: a limit that is a little too generous beats an outage.
    return new RateLimiterRedis({
      ...options,
      storeClient: this.#connect(redisUrl),
      insuranceLimiter: new RateLimiterMemory(options),
    });
  }

  #connect(url: string): Redis {
    this.#redis ??= new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 500,
    }).on('error', this.#options.onRedisError);
    return this.#redis;
  }
}
