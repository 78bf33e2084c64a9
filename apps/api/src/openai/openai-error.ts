import { type AerieError, type ErrorCode, errorTableEntry } from '@aerie/contracts';
import type { Response } from 'express';
import type { OpenAiErrorDto, OpenAiErrorEnvelopeDto } from './openai-error.dto.js';

interface Row {
  readonly type: string;
  readonly code: string | null;
  /** Statuses of OpenAI that differ from the error table. */
  readonly status?: number;
  readonly param?: string;
}

const REQUEST = 'invalid_request_error';
const SERVER = 'server_error';

/** OpenAI's names for our codes. Every other code is written in lower case. */
const ROWS: Partial<Record<ErrorCode, Row>> = {
  INVALID_INPUT: { type: REQUEST, code: null },
  VALIDATION_ERROR: { type: REQUEST, code: null, status: 400 },
  CONTEXT_LENGTH_EXCEEDED: { type: REQUEST, code: 'context_length_exceeded', param: 'messages' },
  UNSUPPORTED_PARAMETER: { type: REQUEST, code: 'unsupported_parameter' },
  UNAUTHORIZED: { type: 'authentication_error', code: 'invalid_api_key' },
  FORBIDDEN: { type: 'permission_error', code: 'forbidden' },
  MODEL_NOT_FOUND: { type: REQUEST, code: 'model_not_found', param: 'model' },
  MODEL_VERSION_NOT_FOUND: { type: REQUEST, code: 'model_not_found', param: 'model' },
  RATE_LIMITED: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  OVERLOADED: { type: 'rate_limit_error', code: 'overloaded' },
  INTERNAL: { type: SERVER, code: 'internal_error' },
};

/** Longest Retry-After in milliseconds. The clients ignore a longer one and would retry at once. */
const LONGEST_RETRY_MS = 60_000;

/** The body of an error, without its envelope. */
export function openAiErrorOf(error: AerieError): OpenAiErrorDto {
  const { type, code, param } = rowOf(error.code);
  return { message: error.message, type, param: error.details?.[0]?.field ?? param ?? null, code };
}

/** The status of responses with this code. */
export function openAiStatusOf(code: ErrorCode): number {
  return rowOf(code).status ?? errorTableEntry(code).status;
}

/** Answers with an error, and tells the client whether to retry. */
export function answerOpenAiError(response: Response, error: AerieError): void {
  const status = openAiStatusOf(error.code);
  // The official clients retry these statuses.
  if (status === 408 || status === 409 || status === 429 || status >= 500) {
    const waitMs = error.retryAfterMs ?? (errorTableEntry(error.code).retryAfterSeconds ?? 0) * 1000;
    response.setHeader('x-should-retry', String(error.retryable && waitMs <= LONGEST_RETRY_MS));
    if (error.retryAfterMs !== undefined) {
      response.setHeader('retry-after-ms', String(Math.ceil(error.retryAfterMs)));
    }
  }
  response.status(status).json({ error: openAiErrorOf(error) } satisfies OpenAiErrorEnvelopeDto);
}

function rowOf(code: ErrorCode): Row {
  const type = errorTableEntry(code).status >= 500 ? SERVER : REQUEST;
  return ROWS[code] ?? { type, code: code.toLowerCase() };
}
