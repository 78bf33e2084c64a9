import sharp, { type Sharp } from 'sharp';

/** An image in which no rotation or mirror image looks like another: red increases to the right, green downward. */
export function gradient(width: number, height: number): Sharp {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      pixels[at] = Math.round((x / (width - 1)) * 255);
      pixels[at + 1] = Math.round((y / (height - 1)) * 255);
      pixels[at + 2] = 90;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** An image of one color. */
export function plain(
  width: number,
  height: number,
  color: { readonly r: number; readonly g: number; readonly b: number; readonly alpha?: number },
): Sharp {
  const channels = color.alpha === undefined ? 3 : 4;
  return sharp({ create: { width, height, channels, background: color } });
}

/** The stored image, tagged so that viewers rotate it. */
export function tagged(image: Sharp, orientation: number): Sharp {
  return image.withMetadata({ orientation });
}
