/** The properties of an error code. */
export interface ErrorTableEntry {
  /** HTTP status of responses with this code. */
  readonly status: number;
  /** Whether the same request may succeed if it is sent again. */
  readonly retryable: boolean;
  /** Default `Retry-After` in seconds, for codes that always have one. */
  readonly retryAfterSeconds?: number;
}

/**
 * The only list of error codes. Every error that a caller sees is a row of this table.
 */
export const ERROR_TABLE = {
  INVALID_INPUT: { status: 400, retryable: false },
  CONTEXT_LENGTH_EXCEEDED: { status: 400, retryable: false },
  UNSUPPORTED_PARAMETER: { status: 400, retryable: false },
  UNAUTHORIZED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  MODEL_NOT_FOUND: { status: 404, retryable: false },
  MODEL_VERSION_NOT_FOUND: { status: 404, retryable: false },
  JOB_NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  REQUEST_TIMEOUT: { status: 408, retryable: true },
  CONFLICT: { status: 409, retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  EXPECTATION_FAILED: { status: 417, retryable: false },
  VALIDATION_ERROR: { status: 422, retryable: false },
  IDEMPOTENCY_MISMATCH: { status: 422, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true, retryAfterSeconds: 1 },
  OVERLOADED: { status: 429, retryable: true, retryAfterSeconds: 1 },
  HEADERS_TOO_LARGE: { status: 431, retryable: false },
  /** Appears only in logs: the caller disconnected before the response. */
  CANCELED: { status: 499, retryable: false },
  INTERNAL: { status: 500, retryable: false },
  UPSTREAM_ERROR: { status: 502, retryable: true },
  MODEL_NOT_LOADED: { status: 503, retryable: true, retryAfterSeconds: 1 },
  SHUTTING_DOWN: { status: 503, retryable: true, retryAfterSeconds: 1 },
  QUEUE_UNAVAILABLE: { status: 503, retryable: true, retryAfterSeconds: 1 },
  WORKER_LOST: { status: 503, retryable: true, retryAfterSeconds: 1 },
  TIMEOUT: { status: 504, retryable: true },
  STORAGE_FULL: { status: 507, retryable: true },
} as const satisfies Record<string, ErrorTableEntry>;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** The row of `code`, with its optional fields visible to the type checker. */
export function errorTableEntry(code: ErrorCode): ErrorTableEntry {
  return ERROR_TABLE[code];
}
