import { SetMetadata } from '@nestjs/common';

/** The format of a route's body. */
export type BodyFormat =
  /** JSON, up to MAX_JSON_BYTES. */
  | 'json'
  /** JSON up to MAX_PREDICT_JSON_BYTES (it may hold a data URL), or a form with one file named `image`. */
  | 'image'
  /** JSON or JSON Lines, up to MAX_BATCH_BYTES. */
  | 'batch';

/** Metadata key of {@link ReadsBody}. */
export const BODY_FORMAT = 'aerie:body-format';

/** Declares the format of a route's body. Bodies are read after the guards, so a refused caller's body costs nothing. */
export const ReadsBody = (format: BodyFormat) => SetMetadata(BODY_FORMAT, format);
