import type { TaskSections } from '../manifest/parse-manifest.js';
import { BATCH_TASK_SECTIONS } from './batch-model-loader.js';
import { GENERATION_SECTIONS } from './generation-section.js';

/** Manifest sections of all tasks that the server serves. */
export const TASK_SECTIONS: TaskSections = { ...BATCH_TASK_SECTIONS, ...GENERATION_SECTIONS };
