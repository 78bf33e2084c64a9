import { z } from 'zod';
import { activationSchema, labelsSchema } from '../classes/class-options.js';
import type { Rgb } from './types.js';

const threeNumbers = z.tuple([z.number(), z.number(), z.number()]);
const divisor = z.number().gt(0);
const threeDivisors = z.tuple([divisor, divisor, divisor]);

const byte = z.int().min(0).max(255);
const HEX_COLOR = /^#[\da-f]{6}$/i;
const background = z
  .union([z.string().regex(HEX_COLOR, 'a color such as "#ffffff"'), z.tuple([byte, byte, byte])])
  .default('#ffffff')
  .describe('The color behind transparent pixels: "#rrggbb", or three numbers of 0..255 (red, green, blue).')
  .transform((color): Rgb => {
    if (typeof color !== 'string') return color;
    const [red = 0, green = 0, blue = 0] = Buffer.from(color.slice(1), 'hex');
    return [red, green, blue];
  });

/** The `image` and `labels` sections of a manifest. */
export const classificationOptionsSchema = z
  .strictObject({
    labels: labelsSchema,
    image: z
      .strictObject({
        width: z.int().min(1).max(8192).default(224).describe('Width of the input, pixels.'),
        height: z.int().min(1).max(8192).default(224).describe('Height of the input, pixels.'),
        crop: z.number().gt(0).max(1).default(0.875).describe('Share of the largest centered crop to keep.'),
        resample: z.enum(['nearest', 'bilinear', 'bicubic', 'lanczos']).default('bicubic'),
        mean: threeNumbers
          .default([123.675, 116.28, 103.53])
          .describe('Subtracted from each channel, on the scale of 0..255. Default: ImageNet.'),
        std: threeDivisors
          .default([58.395, 57.12, 57.375])
          .describe('Divides each channel after the mean, on the scale of 0..255. Default: ImageNet.'),
        channels: z.enum(['rgb', 'bgr']).default('rgb'),
        layout: z.enum(['nchw', 'nhwc']).default('nchw'),
        background,
      })
      .prefault({}),
    activation: activationSchema,
  })
  .prefault({});

/** Validated options of an image classification model. */
export type ClassificationOptions = z.infer<typeof classificationOptionsSchema>;
