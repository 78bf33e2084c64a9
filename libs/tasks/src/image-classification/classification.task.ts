import type { BatchTask, HuggingFaceConfig, TaskFiles } from '../task-definition.js';
import { type ClassificationOptions, classificationOptionsSchema } from './classification.options.js';
import { readImageSection } from './hugging-face-image.js';
import { predictRoute } from './predict.route.js';
import type { ClassificationTypes } from './types.js';

/** Pictures to class probabilities. */
export const imageClassificationTask: BatchTask<
  'image-classification',
  ClassificationOptions,
  ClassificationTypes
> = {
  kind: 'image-classification',
  description: 'Names what is in a picture.',
  routes: [predictRoute],
  optionsSchema: classificationOptionsSchema,
  kernelUrl: new URL('./classification.kernel.js', import.meta.url).href,

  async detect(folder) {
    const { architectures, id2label, problem_type } = folder.config;
    if (!architectures.some((name) => name.endsWith('ForImageClassification'))) return null;
    return {
      ...(id2label === undefined ? {} : { labels: inOrder(id2label) }),
      activation: problem_type === 'multi_label_classification' ? 'sigmoid' : 'softmax',
      ...(await readImageSection(folder)),
    };
  },

  async prepare(options, files) {
    const { width, height, crop, resample, background } = options.image;
    const labels = await readLabels(options, files);
    return {
      kernelOptions: {
        image: options.image,
        activation: options.activation,
        labelCount: labels?.length ?? null,
      },
      details: { labels, geometry: { width, height, crop, resample, background } },
      trialItems: [{ pixels: new Uint8Array(width * height * 3), orientation: 1, topK: 1 }],
      costOf: () => 1,
      buffersOf: ({ pixels }) => [pixels.buffer],
    };
  },
};

async function readLabels(
  options: ClassificationOptions,
  files: TaskFiles,
): Promise<readonly string[] | null> {
  if (options.labels === undefined) return null;
  if (typeof options.labels !== 'string') return options.labels;
  const text = await files.readText(options.labels);
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function inOrder(labels: NonNullable<HuggingFaceConfig['id2label']>): readonly string[] {
  return Object.entries(labels)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}
