import { readClassSections, readLabels } from '../classes/class-options.js';
import type { BatchTask } from '../task-definition.js';
import { type ClassificationOptions, classificationOptionsSchema } from './classification.options.js';
import { readImageSection } from './hugging-face-image.js';
import { predictRoute } from './predict.route.js';
import type { ClassificationTypes } from './types.js';

/** Images to class probabilities. */
export const imageClassificationTask: BatchTask<
  'image-classification',
  ClassificationOptions,
  ClassificationTypes
> = {
  kind: 'image-classification',
  description: 'Names what is in an image.',
  routes: [predictRoute],
  optionsSchema: classificationOptionsSchema,
  kernelUrl: new URL('./classification.kernel.js', import.meta.url).href,

  async detect(folder) {
    const { config } = folder;
    if (!config.architectures.some((name) => name.endsWith('ForImageClassification'))) return null;
    return { ...readClassSections(config), ...(await readImageSection(folder)) };
  },

  async prepare(options, files) {
    const { width, height, crop, resample, background } = options.image;
    const labels = await readLabels(options.labels, files);
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
