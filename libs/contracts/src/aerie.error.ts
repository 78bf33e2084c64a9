import { type ErrorCode, errorTableEntry } from './error-table.js';

/** An invalid field of a request. */
export interface FieldError {
  /** Path of the field in the request body or query, such as `top_k` or `messages.0.role`. */
  readonly field: string;
  /** States what was expected and what was received. */
  readonly message: string;
}

/** Optional properties of an {@link AerieError}. */
export interface AerieErrorOptions {
  readonly details?: readonly FieldError[];
  /** When to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An {@link AerieError} in the form that crosses threads and processes. */
export interface AerieErrorJson {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: readonly FieldError[];
  readonly retryAfterMs?: number;
}

/**
 * An error that a caller may see. Its message states what was expected, what was received and what to do. It contains
 * no stack, file path or secret.
 *
 * @example
 * throw new AerieError('INVALID_INPUT', 'image has 90 million pixels, the limit is 50 million (MAX_IMAGE_PIXELS)');
 */
export class AerieError extends Error {
  override readonly name = 'AerieError';
  readonly code: ErrorCode;
  readonly details: readonly FieldError[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AerieErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** HTTP status of the code. */
  get status(): number {
    return errorTableEntry(this.code).status;
  }

  /** Whether the same request may succeed if it is sent again. */
  get retryable(): boolean {
    return errorTableEntry(this.code).retryable;
  }

  toJSON(): AerieErrorJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    };
  }

  /** The error that {@link AerieError.toJSON} wrote. */
  static from(serialized: AerieErrorJson): AerieError {
    return new AerieError(serialized.code, serialized.message, serialized);
  }
}

/** The error for a text whose caller has left: the reason of the caller's signal if it is an {@link AerieError}. */
export function toCanceledError(reason: unknown): AerieError {
  return reason instanceof AerieError
    ? reason
    : new AerieError('CANCELED', 'the caller left before the text was complete', { cause: reason });
}
