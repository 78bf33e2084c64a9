import type { RateLimitBucket } from '@aerie/contracts';
import { SETTINGS, type RateLimit, type Settings } from '@aerie/config';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { RateLimits } from './rate-limits.service.js';
import { RateLimitStorage } from './rate-limit.storage.js';

/** Rate limits by bucket, from the settings, counted across processes. */
@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [SETTINGS, LOGGER],
      useFactory: ({ rateLimits, redisUrl, http }: Settings, logger: PinoLogger) => ({
        throttlers: [
          throttler('predict', rateLimits.predict),
          throttler('embed', rateLimits.embed),
          throttler('chat', rateLimits.chat),
        ],
        storage: new RateLimitStorage({
          redisUrl,
          workers: http.workers,
          onRedisError: (error) => {
            logger.warn(
              { err: error.message },
              'rate limits are counted per process while Redis is unreachable',
            );
          },
          onPrimaryAway: (error) => {
            const message = 'rate limits are counted per process while the supervisor does not respond';
            logger.warn({ err: error.message }, message);
          },
        }),
      }),
    }),
  ],
  providers: [RateLimits],
  exports: [ThrottlerModule, RateLimits],
})
export class RateLimitModule {}

function throttler(name: RateLimitBucket, rate: RateLimit | null) {
  return { name, limit: rate?.limit ?? 0, ttl: rate?.windowMs ?? 1, skipIf: () => rate === null };
}
