import type { IncomingHttpHeaders } from 'node:http';
import { AerieError } from '@aerie/contracts';
import type { UpstreamFailure } from '../answer/completion-chunk.js';
import { readRetryAfterMs } from './retry-after.js';
import { scrub, type Secrets } from './scrub.js';

/** A failure or refusal of an upstream: the caller's error, and further properties. */
export interface TranslatedFailure {
  readonly error: AerieError;
  /** Whether another attempt may succeed. */
  readonly isRetryable: boolean;
  /** Whether the operator has to act: a key, an account, a wrong name. */
  readonly isOperators: boolean;
}

/** Whose failure it is, for messages. */
export interface FailureContext {
  /** The entry's name. */
  readonly name: string;
  readonly secrets: Secrets;
  /** The present, in milliseconds since 1970: for a Retry-After that is a date. */
  readonly epochMs: number;
}

const CONTEXT_LENGTH =
  /context.?length|context.?window|maximum context|max_model_len|too many tokens|prompt is too long/i;
/** Codes of a 429 that waiting does not help. */
const OUT_OF_QUOTA = /insufficient_quota|billing|credit/i;

/** Translates an upstream's response that is not 200. */
export function translateStatus(
  status: number,
  headers: IncomingHttpHeaders,
  failure: UpstreamFailure,
  context: FailureContext,
): TranslatedFailure {
  const retryAfterMs = readRetryAfterMs(headers, context.epochMs);
  const translated = translate(status, failure, context, retryAfterMs);
  return headers['x-should-retry'] === 'false' ? { ...translated, isRetryable: false } : translated;
}

/** Translates an error event in a stream that began successfully. */
export function translateStreamFailure(failure: UpstreamFailure, context: FailureContext): TranslatedFailure {
  const kind = kindOf(failure);
  const given = [failure.code, failure.status].map(Number).find((code) => code >= 400 && code <= 599);
  const status = given ?? (/rate.?limit/i.test(kind) ? 429 : CONTEXT_LENGTH.test(kind) ? 400 : 500);
  return translate(status, failure, context, undefined);
}

/** The error for a connection that could not be opened, or broke. Its cause names addresses, so the log has only its code. */
export function connectionFailed(name: string, when: 'before' | 'during'): AerieError {
  return new AerieError(
    'UPSTREAM_ERROR',
    when === 'before'
      ? `the upstream of ${name} could not be reached`
      : `the connection to the upstream of ${name} broke while it answered`,
  );
}

function translate(
  status: number,
  failure: UpstreamFailure,
  { name, secrets }: FailureContext,
  retryAfterMs: number | undefined,
): TranslatedFailure {
  const patience = retryAfterMs === undefined ? {} : { retryAfterMs };
  const kind = kindOf(failure);
  const message = typeof failure.message === 'string' ? failure.message : '';
  const said = message === '' ? '' : `: ${scrub(message, secrets)}`;
  const upstreamError = (text: string): AerieError => new AerieError('UPSTREAM_ERROR', text, patience);
  switch (status) {
    case 400:
    case 413:
    case 422:
      if (/model_not_found/i.test(kind)) break;
      return callers(
        CONTEXT_LENGTH.test(`${kind} ${message}`)
          ? new AerieError(
              'CONTEXT_LENGTH_EXCEEDED',
              `the prompt does not fit into the context of ${name}${said}`,
            )
          : new AerieError('INVALID_INPUT', `the upstream of ${name} refused the request${said}`),
      );
    case 429: {
      if (OUT_OF_QUOTA.test(kind)) {
        return operators(upstreamError(`the upstream of ${name} has no quota left for this server`));
      }
      const text = `the upstream of ${name} limits the rate of requests; try again later`;
      return { error: new AerieError('RATE_LIMITED', text, patience), isRetryable: true, isOperators: false };
    }
    case 408:
    case 409:
    case 425:
      return passing(upstreamError(`the upstream of ${name} answered with status ${String(status)}`));
  }
  if (status >= 500) {
    return passing(upstreamError(`the upstream of ${name} failed with status ${String(status)}`));
  }
  // The key, the address, the account or the model's name is wrong. Only the operator can change these.
  return operators(
    upstreamError(`the upstream of ${name} is not usable at present (status ${String(status)})`),
  );
}

const callers = (error: AerieError): TranslatedFailure => ({ error, isRetryable: false, isOperators: false });
const operators = (error: AerieError): TranslatedFailure => ({
  error,
  isRetryable: false,
  isOperators: true,
});
const passing = (error: AerieError): TranslatedFailure => ({ error, isRetryable: true, isOperators: false });

function kindOf({ type, code }: UpstreamFailure): string {
  return [type, code].filter((word) => typeof word === 'string').join(' ');
}
