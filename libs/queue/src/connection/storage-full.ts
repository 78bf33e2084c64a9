/** PostgreSQL's disk_full, which PGlite has, too. */
const DISK_FULL = '53100';

/** Redis at its `maxmemory`, and one that cannot write to its disk: it refuses changes until it can. */
const REDIS_FULL = /^(OOM|MISCONF)\b|OOM command not allowed/;

/** Whether a backend refused to write because it has no room left: it answers, and reading goes on. */
export function isStorageFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return code === DISK_FULL || code === 'ENOSPC' || REDIS_FULL.test(error.message);
}
