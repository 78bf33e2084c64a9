import { crc32 } from 'node:zlib';

/** How EXIF data is laid out. */
export interface ExifLayout {
  readonly orientation: number;
  readonly order?: 'II' | 'MM';
  /** Where the first directory begins. */
  readonly directory?: number;
  /** Number of the value's type: 3 is SHORT, 4 is LONG. */
  readonly type?: number;
  /** Directory entries before the orientation. */
  readonly before?: number;
  readonly prefix?: boolean;
}

/** EXIF data with an orientation. */
export function exif(layout: ExifLayout): Buffer {
  const { orientation, order = 'II', directory = 8, type = 3, before = 0, prefix = true } = layout;
  const data = Buffer.alloc(directory + 2 + 12 * (before + 1) + 4);
  const write = (value: number, at: number, bytes: number): void => {
    if (order === 'II') data.writeUIntLE(value, at, bytes);
    else data.writeUIntBE(value, at, bytes);
  };
  const entry = (index: number, tag: number, kind: number, value: number): void => {
    const at = directory + 2 + 12 * index;
    write(tag, at, 2);
    write(kind, at + 2, 2);
    write(1, at + 4, 4);
    write(value, at + 8, kind === 3 || kind === 8 ? 2 : kind === 4 || kind === 9 ? 4 : 1);
  };
  data.write(order, 'latin1');
  write(42, 2, 2);
  write(directory, 4, 4);
  write(before + 1, directory, 2);
  // ImageWidth, ImageLength and so on: their tags are lower, as the order in a directory demands.
  for (let index = 0; index < before; index++) entry(index, 0x0100 + index, 3, 7);
  entry(before, 0x0112, type, orientation);
  return prefix ? Buffer.concat([Buffer.from('Exif\0\0'), data]) : data;
}

/** A JPEG with EXIF segments, in their order. */
export function jpegWith(jpeg: Buffer, ...segments: readonly Buffer[]): Buffer {
  const written = segments.map((data) => {
    const head = Buffer.from([0xff, 0xe1, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([jpeg.subarray(0, 2), ...written, jpeg.subarray(2)]);
}

/** A PNG with a further chunk, behind its header or at its end. */
export function pngWith(png: Buffer, type: string, data: Buffer, place: 'start' | 'end' = 'start'): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  const at = place === 'start' ? 33 : png.length - 12;
  return Buffer.concat([png.subarray(0, at), chunk, png.subarray(at)]);
}

/** A WebP in the extended format whose EXIF data is this. It must have some already. */
export function webpWith(webp: Buffer, data: Buffer): Buffer {
  const head = Buffer.from('EXIF\0\0\0\0');
  head.writeUInt32LE(data.length, 4);
  const at = webp.indexOf('EXIF', 12, 'latin1');
  const file = Buffer.concat([webp.subarray(0, at), head, data, Buffer.alloc(data.length % 2)]);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}
