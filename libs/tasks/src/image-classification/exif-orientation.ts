import type { Orientation } from './types.js';

const ORIENTATION_TAG = 0x0112;
const ENTRY_BYTES = 12;
/** Bytes of a value by the number of its type; the types that hold whole numbers, as writers use any of them here. */
const INTEGER_TYPES: Readonly<Record<number, 1 | 2 | 4>> = { 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4 };

/**
 * The orientation in EXIF data: a TIFF header and its first directory, wherever that lies, in either byte order and
 * with or without the `Exif\0\0` in front. Null when the data names none; 1 for a number that is no orientation.
 * Source: Exif 2.32 and TIFF 6.0.
 */
export function exifOrientation(data: Buffer): Orientation | null {
  const tiff = data.toString('latin1', 0, 5) === 'Exif\0' ? data.subarray(6) : data;
  if (tiff.length < 8) return null;
  const order = tiff.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return null;
  const isLittle = order === 'II';
  const read = (at: number, bytes: 1 | 2 | 4): number =>
    isLittle ? tiff.readUIntLE(at, bytes) : tiff.readUIntBE(at, bytes);
  if (read(2, 2) !== 42) return null;
  const directory = read(4, 4);
  if (directory + 2 > tiff.length) return null;
  const end = Math.min(tiff.length - ENTRY_BYTES, directory + 2 + (read(directory, 2) - 1) * ENTRY_BYTES);
  for (let at = directory + 2; at <= end; at += ENTRY_BYTES) {
    if (read(at, 2) !== ORIENTATION_TAG) continue;
    const bytes = INTEGER_TYPES[read(at + 2, 2)];
    const total = (bytes ?? 0) * read(at + 4, 4);
    // Up to four bytes of values lie in the entry itself, others where it points to.
    const place = total <= 4 ? at + 8 : read(at + 8, 4);
    const value = bytes === undefined || total === 0 || place + total > tiff.length ? 1 : read(place, bytes);
    return (value >= 1 && value <= 8 ? value : 1) as Orientation;
  }
  return null;
}
