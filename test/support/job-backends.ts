import { randomBytes } from 'node:crypto';

/** A backend that jobs are tested on: its name, and the environment that selects it. */
export type JobBackend = readonly [name: string, environment: Readonly<Record<string, string>>];

/** Embedded always; Redis and PostgreSQL where TEST_REDIS_URL and TEST_DATABASE_URL name one. */
export const JOB_BACKENDS: readonly JobBackend[] = [
  ['embedded', {}],
  ...backendOf('redis', 'REDIS_URL', process.env.TEST_REDIS_URL),
  ...backendOf('postgres', 'DATABASE_URL', process.env.TEST_DATABASE_URL),
];

/** Those that several processes can share. */
export const SHARED_BACKENDS = JOB_BACKENDS.filter(([name]) => name !== 'embedded');

function backendOf(name: string, variable: string, url: string | undefined): JobBackend[] {
  return url === undefined || url === '' ? [] : [[name, { [variable]: url }]];
}

/** A key that no other test or run has used. */
export function uniqueKey(): string {
  return randomBytes(8).toString('hex');
}
