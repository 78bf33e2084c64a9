import { exifOrientation } from './exif-orientation.js';
import { pngHeader } from './png-header.js';
import type { ImageHeader, Orientation } from './types.js';

/** The supported formats. */
export type ImageFormat = 'jpeg' | 'png' | 'webp';

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Detects the format by the first bytes; null for any other format. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16));
  if (view.length >= 3 && view[0] === 0xff && view[1] === 0xd8 && view[2] === 0xff) return 'jpeg';
  if (view.subarray(0, 8).equals(PNG_SIGNATURE)) return 'png';
  if (view.toString('latin1', 0, 4) === 'RIFF' && view.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  return null;
}

/**
 * Size and EXIF orientation of an image, read on this thread: libvips takes 0.3 to 2 ms of a core for it, and does
 * not find the orientation of every PNG. Null if the header is damaged.
 */
export function readImageHeader(bytes: Uint8Array, format: ImageFormat): ImageHeader | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = READERS[format](file);
    return header === null || header.width < 1 || header.height < 1 ? null : header;
  } catch (error) {
    // The file ends within its header.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_OUT_OF_RANGE' || code === 'ERR_BUFFER_OUT_OF_BOUNDS') return null;
    throw error;
  }
}

const READERS: Readonly<Record<ImageFormat, (file: Buffer) => ImageHeader | null>> = {
  jpeg: jpegHeader,
  png: pngHeader,
  webp: webpHeader,
};

/** Frame markers of JPEG are C0..CF except these: Huffman tables, a reserved one, arithmetic conditions. */
const NO_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;

/** Source: ITU-T T.81, annex B. The first EXIF segment with an orientation counts. */
function jpegHeader(file: Buffer): ImageHeader | null {
  let size: { readonly width: number; readonly height: number } | null = null;
  let orientation: Orientation | null = null;
  for (let at = 2; ;) {
    if (file.readUInt8(at) !== 0xff) return null;
    const marker = file.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1; // A byte that fills.
      continue;
    }
    if (marker === START_OF_SCAN) break;
    // Markers without a length have no place here.
    if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9)) return null;
    const end = at + 2 + file.readUInt16BE(at + 2);
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.has(marker)) {
      size ??= { height: file.readUInt16BE(at + 5), width: file.readUInt16BE(at + 7) };
    } else if (marker === APP1 && file.toString('latin1', at + 4, at + 9) === 'Exif\0') {
      orientation ??= exifOrientation(file.subarray(at + 4, end));
    }
    at = end;
  }
  return size === null ? null : { ...size, orientation: orientation ?? 1 };
}

/** Source: RFC 9649. */
function webpHeader(file: Buffer): ImageHeader | null {
  let size: { readonly width: number; readonly height: number } | null = null;
  let orientation: Orientation | null = null;
  for (let at = 12; at + 8 <= file.length;) {
    const chunk = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const data = file.subarray(at + 8, at + 8 + length);
    if (chunk === 'EXIF') orientation ??= exifOrientation(data);
    else size ??= webpSize(chunk, data);
    at += 8 + length + (length % 2);
  }
  return size === null ? null : { ...size, orientation: orientation ?? 1 };
}

function webpSize(chunk: string, data: Buffer): { readonly width: number; readonly height: number } | null {
  switch (chunk) {
    case 'VP8X':
      return { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1 };
    case 'VP8L': {
      const bits = data.readUInt32LE(1);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
    default:
      return null;
  }
}
