import type { Request, Response } from 'express';

/** Reads bodies of some content types. */
export interface BodyReader {
  /** Content types, as they are told to a caller who sent another. */
  readonly types: readonly string[];
  /** Leaves the body in `request.body`, and a file in `request.file`. */
  read(request: Request, response: Response): Promise<void>;
}
