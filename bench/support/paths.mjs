import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BENCH = dirname(dirname(fileURLToPath(import.meta.url)));
export const ROOT = dirname(BENCH);
export const MODELS = join(ROOT, 'models');
export const SAMPLES = join(ROOT, 'samples');
/** Everything that a run creates: the virtual environment, images, logs, results. Ignored by git. */
export const WORK = join(BENCH, '.work');

mkdirSync(join(WORK, 'logs'), { recursive: true });
