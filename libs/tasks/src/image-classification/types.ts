import type { ClassScore } from '../classes/class-scores.js';

/** EXIF orientation, 1..8; 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Size and orientation, which decide how an image is decoded. */
export interface ImageHeader {
  /** Pixels as stored, before the rotation. */
  readonly width: number;
  /** Pixels as stored, before the rotation. */
  readonly height: number;
  readonly orientation: Orientation;
}

/** A color: red, green and blue, 0..255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A decoded image, cropped and scaled to the model's size but not yet rotated upright. */
export interface ClassificationItem {
  /** RGB bytes, rows from the top, [height, width, 3] as stored (before the rotation), in their own buffer. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** The rotation still to be applied. For 5..8 the stored width and height are the model's height and width. */
  readonly orientation: Orientation;
  /** Number of classes to return, at least 1. */
  readonly topK: number;
}

/** How an image is fitted to the model's size: a centered crop, then scaling. */
export interface ImageGeometry {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Share of the largest centered crop to keep, 0 < crop <= 1. */
  readonly crop: number;
  readonly resample: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';
  /** The color behind transparent pixels. */
  readonly background: Rgb;
}

/** Properties of a model for the predict use case. */
export interface ClassificationDetails {
  /** Class names in the order of the model's output; null if the model has none. */
  readonly labels: readonly string[] | null;
  readonly geometry: ImageGeometry;
}

/** Types of the task. */
export interface ClassificationTypes {
  readonly item: ClassificationItem;
  readonly result: readonly ClassScore[];
  readonly details: ClassificationDetails;
}
