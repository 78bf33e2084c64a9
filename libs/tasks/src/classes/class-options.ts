import { z } from 'zod';
import type { HuggingFaceConfig, TaskFiles } from '../task-definition.js';
import { ACTIVATIONS } from './class-scores.js';

/** The `labels` of a manifest. */
export const labelsSchema = z
  .union([z.string().min(1), z.array(z.string()).min(1)])
  .optional()
  .describe(
    'Class names in output order: a text file beside the manifest with one name per line, or the names.',
  );

/** The `activation` of a manifest. */
export const activationSchema = z
  .enum(ACTIVATIONS)
  .default('none')
  .describe('Applied to the output if the model returns logits.');

/** The `labels` and `activation` that `config.json` implies. */
export function readClassSections({ id2label, problem_type }: HuggingFaceConfig): object {
  return {
    ...(id2label === undefined ? {} : { labels: inOrder(id2label) }),
    activation: problem_type === 'multi_label_classification' ? 'sigmoid' : 'softmax',
  };
}

/** The names that the `labels` of a manifest mean; null without them. */
export async function readLabels(
  labels: z.infer<typeof labelsSchema>,
  files: TaskFiles,
): Promise<readonly string[] | null> {
  if (labels === undefined) return null;
  if (typeof labels !== 'string') return labels;
  const text = await files.readText(labels);
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function inOrder(labels: NonNullable<HuggingFaceConfig['id2label']>): readonly string[] {
  return Object.entries(labels)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}
