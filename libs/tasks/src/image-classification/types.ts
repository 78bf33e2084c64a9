/** EXIF orientation, 1..8; 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What decides how a picture is decoded. */
export interface ImageHeader {
  /** Pixels as stored, before the turn. */
  readonly width: number;
  /** Pixels as stored, before the turn. */
  readonly height: number;
  readonly orientation: Orientation;
}

/** A color: red, green and blue, 0..255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A decoded picture, cut and scaled to the model's size but not yet turned upright. */
export interface ClassificationItem {
  /** RGB bytes, rows from the top, [height, width, 3] as stored (before turning), in a buffer of their own. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** The turn still to be applied. For 5..8 the stored width and height are the model's height and width. */
  readonly orientation: Orientation;
  /** How many classes the caller wants, at least 1. */
  readonly topK: number;
}

/** One class and its probability. */
export interface ClassScore {
  /** Row of the label. */
  readonly index: number;
  /** 0..1 */
  readonly confidence: number;
}

/** How a picture is brought to the model's size: a centered crop, then a scaling. */
export interface ImageGeometry {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Share of the largest centred crop that is kept, 0 < crop <= 1. */
  readonly crop: number;
  readonly resample: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';
  /** What shows through transparent pixels. */
  readonly background: Rgb;
}

/** What the predict use case needs to know of a model. */
export interface ClassificationDetails {
  /** Class names in the order of the model's output; null when the model has none. */
  readonly labels: readonly string[] | null;
  readonly geometry: ImageGeometry;
}

/** Types of the task. */
export interface ClassificationTypes {
  readonly item: ClassificationItem;
  readonly result: readonly ClassScore[];
  readonly details: ClassificationDetails;
}
