import cluster from 'node:cluster';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import {
  RateLimiterCluster,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { ClusterLimiter, type Limiter } from './cluster-limiter.js';

/** The count of a caller, without refused requests. */
export interface CallerCount extends Awaited<ReturnType<ThrottlerStorage['increment']>> {
  /** Takes back points of requests that are not served, unless the window is over. Resolves with the new count. */
  readonly giveBack: (points: number) => Promise<number>;
}

/** Where requests are counted. */
export interface RateLimitStorageOptions {
  /** Several servers share the counts through it. Without it, only the processes of this server do. */
  readonly redisUrl: string | null;
  /** HTTP processes of this server. */
  readonly workers: number;
  readonly onRedisError: (error: Error) => void;
  /** The primary, which counts for the processes of this server, does not respond. */
  readonly onPrimaryAway: (error: Error) => void;
}

interface LimiterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  /** Seconds. */
  readonly duration: number;
}

/** Keeps the counts of one fixed window per caller and bucket. Old windows expire. */
export class RateLimitStorage implements ThrottlerStorage, OnApplicationShutdown {
  readonly #options: RateLimitStorageOptions;
  readonly #limiters = new Map<string, Limiter>();
  readonly #redis: Redis | null;

  /** Connects to Redis now, so that it counts from the first request. */
  constructor(options: RateLimitStorageOptions) {
    this.#options = options;
    this.#redis = options.redisUrl === null ? null : connect(options.redisUrl, options.onRedisError);
  }

  /**
   * Counts a call, unless that exceeds the limit.
   *
   * @param ttl length of the window, milliseconds
   * @param points how many requests the call counts as
   */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    _block: number,
    bucket: string,
    points = 1,
  ): Promise<CallerCount> {
    const limiter = this.#limiterOf(bucket, limit, ttl);
    const outcome = await limiter.consume(key, points).catch((refused: unknown) => {
      if (refused instanceof RateLimiterRes) return refused;
      throw refused;
    });
    const seconds = Math.max(1, Math.ceil(outcome.msBeforeNext / 1000));
    const endsAt = performance.now() + outcome.msBeforeNext;
    const giveBack = async (returned: number) =>
      performance.now() < endsAt ? (await limiter.reward(key, returned)).consumedPoints : 0;
    const isBlocked = outcome.consumedPoints > limit;
    return {
      // The limiter has counted the call in any case.
      totalHits: isBlocked ? await giveBack(points) : outcome.consumedPoints,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
      giveBack,
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#redis?.quit().catch(() => undefined);
  }

  #limiterOf(bucket: string, points: number, ttl: number): Limiter {
    let limiter = this.#limiters.get(bucket);
    if (limiter === undefined) {
      limiter = this.#createLimiter({ keyPrefix: `aerie:rate:${bucket}`, points, duration: ttl / 1000 });
      this.#limiters.set(bucket, limiter);
    }
    return limiter;
  }

  #createLimiter(options: LimiterOptions): Limiter {
    if (this.#redis === null) return this.#createLocal(options);
    // While Redis is unreachable, each process counts separately, because a generous limit is better than an outage.
    return new RateLimiterRedis({
      ...options,
      storeClient: this.#redis,
      insuranceLimiter: new RateLimiterMemory(options),
    });
  }

  #createLocal(options: LimiterOptions): Limiter {
    const { workers, onPrimaryAway } = this.#options;
    const own = new RateLimiterMemory(options);
    if (!cluster.isWorker || workers === 1) return own;
    return new ClusterLimiter({
      shared: new RateLimiterCluster({ ...options, timeoutMs: 1000 }),
      own,
      isConnected: () => process.connected,
      onAway: onPrimaryAway,
    });
  }
}

function connect(url: string, onError: (error: Error) => void): Redis {
  const options = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 500 };
  return new Redis(url, options).on('error', onError);
}
