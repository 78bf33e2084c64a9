import { inflateSync } from 'node:zlib';
import { exifOrientation } from './exif-orientation.js';
import type { ImageHeader, Orientation } from './types.js';

/** Names under which ImageMagick stores EXIF data as text. */
const RAW_PROFILE = /^Raw profile type (?:exif|APP1)\0/;
/** Longest text that is unpacked: EXIF data has at most 64 KiB, and two digits for each byte of it. */
const MAX_TEXT_BYTES = 256 * 1024;

/**
 * Source: PNG 3rd edition. EXIF data is in an `eXIf` chunk anywhere in the file, or, from before there was one, in
 * hexadecimal digits in a `tEXt` or `zTXt` chunk, as ImageMagick writes it and ExifTool reads it.
 */
export function pngHeader(file: Buffer): ImageHeader | null {
  if (file.toString('latin1', 12, 16) !== 'IHDR') return null;
  let orientation: Orientation | null = null;
  for (let at = 8; at + 8 <= file.length && orientation === null;) {
    const length = file.readUInt32BE(at);
    const chunk = file.toString('latin1', at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    if (chunk === 'eXIf') orientation = exifOrientation(data);
    else if (chunk === 'tEXt' || chunk === 'zTXt') orientation = rawProfileOrientation(chunk, data);
    at += 12 + length;
  }
  return { width: file.readUInt32BE(16), height: file.readUInt32BE(20), orientation: orientation ?? 1 };
}

function rawProfileOrientation(chunk: 'tEXt' | 'zTXt', data: Buffer): Orientation | null {
  const name = RAW_PROFILE.exec(data.toString('latin1', 0, 32))?.[0];
  if (name === undefined) return null;
  const content = chunk === 'tEXt' ? data.subarray(name.length) : inflate(data.subarray(name.length + 1));
  // A line with the profile's name, one with its length, then lines of digits.
  const digits = /^\s*\w+\s+\d+\s+([\da-fA-F\s]+)/.exec(content.toString('latin1', 0, MAX_TEXT_BYTES))?.[1];
  return digits === undefined ? null : exifOrientation(Buffer.from(digits.replace(/\s+/g, ''), 'hex'));
}

function inflate(data: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: MAX_TEXT_BYTES });
  } catch {
    // Damaged or too long: the image is decoded without it.
    return Buffer.alloc(0);
  }
}
