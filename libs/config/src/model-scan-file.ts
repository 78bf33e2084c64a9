import { join } from 'node:path';
import type { Settings } from './settings.js';

/**
 * The file through which the HTTP processes of one server share the first one's scan of the model repository. The
 * supervisor removes it when it starts (process ids are reused) and when it ends.
 */
export function modelScanFile({ dataDir }: Pick<Settings, 'dataDir'>, supervisorPid: number): string {
  return join(dataDir, `models-${String(supervisorPid)}.scan`);
}
