import type { Logger } from '@aerie/runtime';
import type { QueueConnection } from './queue-connection.js';
import type { QueueBackendSettings } from './queue-settings.js';
import { RedisConnection } from './redis-connection.js';
import { SqlConnection } from './sql-connection.js';

/** A connection to the configured backend. It connects when it is first used. */
export function openConnection(backend: QueueBackendSettings, logger: Logger): QueueConnection {
  switch (backend.kind) {
    case 'embedded':
      return SqlConnection.embedded(backend.dataDir);
    case 'redis':
      return new RedisConnection(backend.url, logger);
    case 'postgres':
      return SqlConnection.postgres(backend.url, logger);
  }
}
