import type { RateLimitBucket } from '@aerie/contracts';
import { SetMetadata } from '@nestjs/common';

/** Metadata key of {@link RateLimited}. */
export const RATE_LIMIT_BUCKET = 'aerie:rate-limit';

/** Counts calls of the route in `bucket`. */
export const RateLimited = (bucket: RateLimitBucket) => SetMetadata(RATE_LIMIT_BUCKET, bucket);
