import { randomBytes } from 'node:crypto';
import { HAS_REDIS } from './redis-process.js';

/** A backend on which jobs are tested. */
export type JobBackend = 'embedded' | 'redis' | 'postgres';

/** An existing Redis whose empty databases tests may use. */
export const TEST_REDIS_URL = named(process.env.TEST_REDIS_URL);

/** An existing PostgreSQL on which tests create databases. */
export const TEST_DATABASE_URL = named(process.env.TEST_DATABASE_URL);

/** Embedded always, Redis if one is named or can be started, PostgreSQL if one is named. */
export const JOB_BACKENDS: readonly JobBackend[] = [
  'embedded',
  ...(TEST_REDIS_URL !== null || HAS_REDIS ? ['redis' as const] : []),
  ...(TEST_DATABASE_URL !== null ? ['postgres' as const] : []),
];

function named(url: string | undefined): string | null {
  return url === undefined || url === '' ? null : url;
}

/** A key that no other test or run has used. */
export function uniqueKey(): string {
  return randomBytes(8).toString('hex');
}
