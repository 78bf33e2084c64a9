import { join } from 'node:path';
import type { Settings } from './settings.js';

/**
 * Where the HTTP processes of one server share what the first of them found in the model repository. The supervisor
 * removes it when it starts, as process ids come again, and when it ends.
 */
export function modelScanFile({ dataDir }: Pick<Settings, 'dataDir'>, supervisorPid: number): string {
  return join(dataDir, `models-${String(supervisorPid)}.scan`);
}
