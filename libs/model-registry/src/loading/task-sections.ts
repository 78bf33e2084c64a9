import type { TaskSections } from '../manifest/parse-manifest.js';
import { BATCH_TASK_SECTIONS } from './batch-model-loader.js';
import { GENERATION_SECTIONS } from './generation-section.js';

/** Sections of the manifests of every task that the server serves. */
export const TASK_SECTIONS: TaskSections = { ...BATCH_TASK_SECTIONS, ...GENERATION_SECTIONS };
