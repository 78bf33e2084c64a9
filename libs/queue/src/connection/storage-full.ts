/** PostgreSQL's disk_full, also used by PGlite. */
const DISK_FULL = '53100';

/** Redis refuses changes while it is at `maxmemory` or cannot write to its disk. */
const REDIS_FULL = /^(OOM|MISCONF)\b|OOM command not allowed/;

/** Whether a backend refused to write because it has no space left. It still answers and can be read. */
export function isStorageFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return code === DISK_FULL || code === 'ENOSPC' || REDIS_FULL.test(error.message);
}
