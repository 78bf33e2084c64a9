import type { Rgb } from './types.js';

/** Raw bytes as libvips gives them: 3 channels, or 4 with alpha last. */
interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/**
 * The RGB bytes of a raw image, with `background` behind transparent pixels, in a new buffer.
 *
 * @param step 1 takes every pixel, 2 the last of every 2 x 2.
 */
export function flatten(
  pixels: Uint8Array<ArrayBuffer>,
  { width, height, channels }: RawImage,
  background: Rgb,
  step: 1 | 2,
): Uint8Array<ArrayBuffer> {
  if (channels === 3 && step === 1) return pixels;
  if (channels !== 3 && channels !== 4)
    throw new Error(`The image was decoded to ${String(channels)} channels. This is a bug.`);
  const flat = new Uint8Array((width / step) * (height / step) * 3);
  let to = 0;
  for (let y = step - 1; y < height; y += step) {
    for (let x = step - 1; x < width; x += step) {
      const from = (y * width + x) * channels;
      const alpha = channels === 3 ? 255 : (pixels[from + 3] as number);
      for (let channel = 0; channel < 3; channel++) {
        const value = pixels[from + channel] as number;
        const behind = background[channel as 0 | 1 | 2];
        flat[to++] = alpha === 255 ? value : Math.round((value * alpha + behind * (255 - alpha)) / 255);
      }
    }
  }
  return flat;
}
