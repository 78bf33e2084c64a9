import type { ModelFiles, PreparedTask, TaskDefinition } from '../task-definition.js';
import { type ClassificationOptions, classificationOptionsSchema } from './classification.options.js';

/** Pictures to class probabilities. */
export const imageClassificationTask: TaskDefinition<'image-classification', ClassificationOptions> = {
  kind: 'image-classification',
  optionsSchema: classificationOptionsSchema,
  kernelUrl: new URL('./classification.kernel.js', import.meta.url).href,

  async prepare(options, files): Promise<PreparedTask<'image-classification'>> {
    const { width, height, crop, resample, background } = options.image;
    return {
      kind: 'image-classification',
      kernelOptions: { image: options.image, activation: options.activation },
      details: {
        labels: await readLabels(options, files),
        geometry: { width, height, crop, resample, background },
      },
      warmupItems: [{ pixels: new Uint8Array(width * height * 3), orientation: 1, topK: 1 }],
      costOf: () => 1,
      buffersOf: ({ pixels }) => [pixels.buffer],
    };
  },
};

async function readLabels(
  options: ClassificationOptions,
  files: ModelFiles,
): Promise<readonly string[] | null> {
  if (options.labels === undefined) return null;
  if (typeof options.labels !== 'string') return options.labels;
  const text = await files.readText(options.labels);
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}
