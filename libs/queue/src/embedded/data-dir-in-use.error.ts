/** Two processes on one embedded data directory would silently lose jobs, so the second must not start. */
export class DataDirInUseError extends Error {
  override readonly name = 'DataDirInUseError';

  constructor(directory: string) {
    super(
      `Another server already keeps its jobs in ${directory} (DATA_DIR). ` +
        'Stop it, give this server its own DATA_DIR, or let both share a queue through REDIS_URL or DATABASE_URL.',
    );
  }
}
