import type { ClassificationOptions } from './classification.options.js';
import type { Orientation } from './types.js';

/**
 * Writes stored RGB bytes as normalized floats and rotates the image upright at the same time:
 * the rotation only changes the order of reading, so it costs nothing.
 */
export class TensorWriter {
  readonly #width: number;
  readonly #height: number;
  /** Per stored channel: byte -> (byte - mean) / std. */
  readonly #tables: readonly [Float32Array, Float32Array, Float32Array];
  /** Where the stored channels R, G and B go: plane or position within a pixel. */
  readonly #places: readonly [number, number, number];
  readonly #planar: boolean;

  constructor(image: ClassificationOptions['image']) {
    this.#width = image.width;
    this.#height = image.height;
    this.#tables = [0, 1, 2].map((channel) =>
      Float32Array.from(
        { length: 256 },
        (_, value) => (value - (image.mean[channel] ?? 0)) / (image.std[channel] ?? 1),
      ),
    ) as unknown as readonly [Float32Array, Float32Array, Float32Array];
    this.#places = image.channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
    this.#planar = image.layout === 'nchw';
  }

  /**
   * @param pixels RGB bytes as stored, [height, width, 3]; for orientations 5..8 [width, height, 3] of the model's size.
   * @param target float32 values, written from `offset` on.
   */
  write(pixels: Uint8Array, orientation: Orientation, target: Float32Array, offset: number): void {
    const width = this.#width;
    const height = this.#height;
    if (pixels.length !== width * height * 3)
      throw new Error("The image does not have the model's size. This is a bug.");
    const { start, stepX, stepY } = walk(orientation, width, height);
    const [red, green, blue] = this.#tables;
    const plane = this.#planar ? width * height : 1;
    const stride = this.#planar ? 1 : 3;
    const [r, g, b] = [this.#places[0] * plane, this.#places[1] * plane, this.#places[2] * plane];
    let to = offset;
    for (let y = 0; y < height; y++) {
      let from = (start + y * stepY) * 3;
      for (let x = 0; x < width; x++) {
        target[to + r] = red[pixels[from] as number] as number;
        target[to + g] = green[pixels[from + 1] as number] as number;
        target[to + b] = blue[pixels[from + 2] as number] as number;
        from += stepX * 3;
        to += stride;
      }
    }
  }
}

/**
 * How to read stored pixels in upright order: the first pixel and the steps for x and y.
 * Source: Exif 2.32, tag 0x0112 (orientation names where row 0 and column 0 are stored).
 */
function walk(
  orientation: Orientation,
  width: number,
  height: number,
): { start: number; stepX: number; stepY: number } {
  const last = width * height - 1;
  switch (orientation) {
    case 1:
      return { start: 0, stepX: 1, stepY: width };
    case 2:
      return { start: width - 1, stepX: -1, stepY: width };
    case 3:
      return { start: last, stepX: -1, stepY: -width };
    case 4:
      return { start: last - (width - 1), stepX: 1, stepY: -width };
    // From here the stored rows are `height` long.
    case 5:
      return { start: 0, stepX: height, stepY: 1 };
    case 6:
      return { start: last - (height - 1), stepX: -height, stepY: 1 };
    case 7:
      return { start: last, stepX: -height, stepY: -1 };
    case 8:
      return { start: height - 1, stepX: height, stepY: -1 };
  }
}
