/** Buckets that requests are counted in; each has a setting of its own (`RATE_LIMIT_<BUCKET>`). */
export type RateLimitBucket = 'predict' | 'embed' | 'chat';
