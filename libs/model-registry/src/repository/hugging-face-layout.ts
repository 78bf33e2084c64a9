import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskKind } from '@aerie/contracts';
import { z } from 'zod';
import { readImageSection } from './hugging-face-image.js';
import { readTextSection } from './hugging-face-text.js';
import { readOptionalJson } from './optional-json.js';

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
 * Reads `config.json` and the files beside it as far as they tell how the model is to be served.
 *
 * @returns fields of a manifest; null when the folder is not in that layout.
 */
export async function readHuggingFaceLayout(directory: string): Promise<ImpliedManifest | null> {
  const config = configSchema.safeParse(await readOptionalJson(join(directory, 'config.json')));
  if (!config.success || (config.data.architectures ?? config.data.model_type) === undefined) return null;
  const { architectures = [], id2label, problem_type } = config.data;
  const ends = (suffix: string): boolean => architectures.some((name) => name.endsWith(suffix));

  if (ends('ForImageClassification')) {
    return {
      task: 'image-classification',
      ...(id2label === undefined ? {} : { labels: inOrder(id2label) }),
      activation: problem_type === 'multi_label_classification' ? 'sigmoid' : 'softmax',
      ...(await readImageSection(directory)),
    };
  }
  if (ends('ForCausalLM')) return { task: 'text-generation' };
  const sentences = await exists(join(directory, 'modules.json'));
  if (
    (sentences || ends('Model') || architectures.length === 0) &&
    (await exists(join(directory, 'tokenizer.json')))
  ) {
    return { task: 'text-embedding', text: await readTextSection(directory) };
  }
  // Some other kind: its tensors can still be served as they are.
  return { task: 'tensor', load: 'lazy' };
}

function inOrder(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
