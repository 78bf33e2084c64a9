/** The backend that keeps the jobs. */
export type QueueBackendSettings =
  /** In `dataDir`, by this server alone. */
  | { readonly kind: 'embedded'; readonly dataDir: string }
  | { readonly kind: 'redis'; readonly url: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** The backend that the settings choose: DATABASE_URL, else REDIS_URL, else embedded. */
export function queueBackendOf(settings: {
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly dataDir: string;
}): QueueBackendSettings {
  // REDIS_URL may be set for rate limits only; DATABASE_URL is used only for jobs.
  if (settings.databaseUrl !== null) return { kind: 'postgres', url: settings.databaseUrl };
  if (settings.redisUrl !== null) return { kind: 'redis', url: settings.redisUrl };
  return { kind: 'embedded', dataDir: settings.dataDir };
}
