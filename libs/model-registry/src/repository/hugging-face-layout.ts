import { join } from 'node:path';
import { type HuggingFaceFolder, type TaskKind, TASKS } from '@aerie/tasks';
import { z } from 'zod';
import type { RepositoryFiles } from './repository-files.js';

const configSchema = z.looseObject({
  architectures: z.array(z.string()).optional(),
  model_type: z.string().optional(),
  id2label: z.record(z.string(), z.string()).optional(),
  problem_type: z.string().nullish(),
});

/** Manifest fields that a folder in the Hugging Face layout implies. */
export interface ImpliedManifest {
  readonly task: TaskKind;
  readonly [field: string]: unknown;
}

/**
 * Asks the tasks, one after the other, whether the model that `config.json` and the files beside it describe is theirs.
 *
 * @returns fields of a manifest; null when the folder is not in that layout.
 */
export async function readHuggingFaceLayout(
  directory: string,
  files: RepositoryFiles,
): Promise<ImpliedManifest | null> {
  const config = configSchema.safeParse(await files.readJson(join(directory, 'config.json')));
  if (!config.success || (config.data.architectures ?? config.data.model_type) === undefined) return null;
  const { architectures = [], id2label, problem_type } = config.data;
  const folder: HuggingFaceFolder = {
    config: { architectures, id2label, problem_type },
    readJson: (relative) => files.readJson(join(directory, relative)),
    has: (relative) => files.has(join(directory, relative)),
  };
  for (const task of TASKS) {
    const fields = await task.detect(folder);
    if (fields !== null) return { task: task.kind, ...fields };
  }
  return null;
}
