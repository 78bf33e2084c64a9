import { SetMetadata } from '@nestjs/common';

/** Buckets that requests are counted in; each has a setting of its own (`RATE_LIMIT_<BUCKET>`). */
export type RateLimitBucket = 'predict' | 'embed' | 'chat';

/** Metadata key of {@link RateLimited}. */
export const RATE_LIMIT_BUCKET = 'aerie:rate-limit';

/** Counts calls of the route in `bucket`. */
export const RateLimited = (bucket: RateLimitBucket) => SetMetadata(RATE_LIMIT_BUCKET, bucket);
