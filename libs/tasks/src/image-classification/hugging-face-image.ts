import { z } from 'zod';
import type { HuggingFaceFolder } from '../task-definition.js';

const sizeSchema = z.union([
  z.number(),
  z.looseObject({
    height: z.number().optional(),
    width: z.number().optional(),
    shortest_edge: z.number().optional(),
  }),
]);

const preprocessorSchema = z.looseObject({
  size: sizeSchema.optional(),
  crop_size: sizeSchema.optional(),
  crop_pct: z.number().gt(0).max(1).nullish(),
  do_center_crop: z.boolean().optional(),
  do_normalize: z.boolean().optional(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().positive().optional(),
  image_mean: z.array(z.number()).length(3).optional(),
  image_std: z.array(z.number()).length(3).optional(),
  resample: z.int().optional(),
});

type Preprocessor = z.infer<typeof preprocessorSchema>;

/** Filters by Pillow's numbers. */
const RESAMPLE: Readonly<Record<number, string>> = {
  0: 'nearest',
  1: 'lanczos',
  2: 'bilinear',
  3: 'bicubic',
};

/** The `image` section that `preprocessor_config.json` implies; nothing without that file. */
export async function readImageSection(
  folder: HuggingFaceFolder,
): Promise<Readonly<Record<string, unknown>>> {
  const parsed = preprocessorSchema.safeParse(await folder.readJson('preprocessor_config.json'));
  if (!parsed.success) return {};
  const preprocessor = parsed.data;
  return {
    image: {
      ...geometry(preprocessor),
      ...scale(preprocessor),
      resample: RESAMPLE[preprocessor.resample ?? 3] ?? 'bicubic',
    },
  };
}

function geometry({ size, crop_size, crop_pct, do_center_crop }: Preprocessor): object {
  const resized = dimensions(size);
  const cropped = do_center_crop === true ? dimensions(crop_size) : null;
  const { width, height } = cropped ?? resized ?? { width: 224, height: 224 };
  const ratio = cropped !== null && resized !== null ? cropped.width / resized.width : (crop_pct ?? 1);
  // A size without a crop means squeezing the image; here it is cropped instead, which keeps its proportions.
  return { width, height, crop: Math.min(1, ratio) };
}

function dimensions(size: Preprocessor['size']): { readonly width: number; readonly height: number } | null {
  if (size === undefined) return null;
  if (typeof size === 'number') return { width: size, height: size };
  const width = size.width ?? size.shortest_edge;
  const height = size.height ?? size.shortest_edge;
  return width === undefined || height === undefined ? null : { width, height };
}

/** Mean and deviation on the scale of 0..255: `(v * factor - mean) / std` is `(v - mean / factor) / (std / factor)`. */
function scale(preprocessor: Preprocessor): object {
  const { do_normalize = true, do_rescale = true, rescale_factor = 1 / 255 } = preprocessor;
  const factor = do_rescale ? rescale_factor : 1;
  const { image_mean = [0, 0, 0], image_std = [1, 1, 1] } = do_normalize ? preprocessor : {};
  return {
    mean: image_mean.map((value) => value / factor),
    std: image_std.map((value) => value / factor),
  };
}
