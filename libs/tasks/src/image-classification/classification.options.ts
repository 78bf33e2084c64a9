import { z } from 'zod';

const threeNumbers = z.tuple([z.number(), z.number(), z.number()]);
const divisor = z.number().gt(0);
const threeDivisors = z.tuple([divisor, divisor, divisor]);

/** The `image` and `labels` sections of a manifest. */
export const classificationOptionsSchema = z
  .strictObject({
    labels: z
      .union([z.string().min(1), z.array(z.string()).min(1)])
      .optional()
      .describe(
        'Class names in output order: a text file beside the manifest with one name a line, or the names.',
      ),
    image: z
      .strictObject({
        width: z.int().min(1).max(8192).default(224).describe('Width of the input, pixels.'),
        height: z.int().min(1).max(8192).default(224).describe('Height of the input, pixels.'),
        crop: z
          .number()
          .gt(0)
          .max(1)
          .default(0.875)
          .describe('Share of the largest centred crop that is kept.'),
        resample: z.enum(['nearest', 'bilinear', 'bicubic', 'lanczos']).default('bicubic'),
        mean: threeNumbers
          .default([123.675, 116.28, 103.53])
          .describe('Subtracted from each channel, on the scale of 0..255. Default: ImageNet.'),
        std: threeDivisors
          .default([58.395, 57.12, 57.375])
          .describe('Divides each channel after the mean, on the scale of 0..255. Default: ImageNet.'),
        channels: z.enum(['rgb', 'bgr']).default('rgb'),
        layout: z.enum(['nchw', 'nhwc']).default('nchw'),
      })
      .prefault({}),
    activation: z
      .enum(['none', 'softmax', 'sigmoid'])
      .default('none')
      .describe('Applied to the output when the model answers with logits.'),
  })
  .prefault({});

/** Validated options of an image classification model. */
export type ClassificationOptions = z.infer<typeof classificationOptionsSchema>;
