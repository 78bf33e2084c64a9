import type { Request, Response } from 'express';

/** Reads bodies of certain content types. */
export interface BodyReader {
  /** Content types, for the error of a caller who sent another one. */
  readonly types: readonly string[];
  /** Puts the body into `request.body`, and a file into `request.file`. */
  read(request: Request, response: Response): Promise<void>;
}
