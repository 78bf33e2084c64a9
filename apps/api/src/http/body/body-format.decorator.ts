import { SetMetadata } from '@nestjs/common';

/** How a route's body is read. */
export type BodyFormat =
  /** JSON, up to MAX_JSON_BYTES. */
  | 'json'
  /** JSON up to MAX_PREDICT_JSON_BYTES (it may hold a data URL), or multipart with one file named `image`. */
  | 'image';

/** Metadata key of {@link Body}. */
export const BODY_FORMAT = 'aerie:body-format';

/** Says how the route's body is read. Bodies are read after the guards, so a refused caller's body costs nothing. */
export const ReadsBody = (format: BodyFormat) => SetMetadata(BODY_FORMAT, format);
