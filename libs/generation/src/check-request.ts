import { AerieError } from '@aerie/contracts';
import type { GenerationRequest } from './generation-request.js';

interface Range {
  readonly from: number;
  readonly to: number;
  readonly integer?: boolean;
}

const RANGES = {
  temperature: { from: 0, to: 2 },
  topP: { from: Number.MIN_VALUE, to: 1 },
  topK: { from: 0, to: 2 ** 31 - 1, integer: true },
  minP: { from: 0, to: 1 },
  repetitionPenalty: { from: Number.MIN_VALUE, to: 100 },
  presencePenalty: { from: -2, to: 2 },
  frequencyPenalty: { from: -2, to: 2 },
  seed: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER, integer: true },
  topLogprobs: { from: 0, to: 20, integer: true },
  maxTokens: { from: 1, to: Number.MAX_SAFE_INTEGER, integer: true },
} as const satisfies Partial<Record<keyof GenerationRequest, Range>>;

/**
 * Refuses a request that the generation thread could not take at its word.
 *
 * @throws AerieError INVALID_INPUT, with what was expected and what came.
 */
export function checkRequest(request: GenerationRequest, maxSlots: number): void {
  for (const [field, range] of Object.entries(RANGES))
    checkNumber(field, request[field as keyof typeof RANGES], range);
  checkNumber('n', request.n, { from: 1, to: maxSlots, integer: true });
  if (request.stop?.includes('') === true) {
    throw new AerieError(
      'INVALID_INPUT',
      'stop: expected strings of at least one character, got an empty one',
    );
  }
  if (request.kind === 'chat' && request.messages.length === 0) {
    throw new AerieError('INVALID_INPUT', 'messages: expected at least one message, got none');
  }
}

function checkNumber(field: string, value: number | undefined, { from, to, integer }: Range): void {
  if (value === undefined) return;
  if (value >= from && value <= to && (integer !== true || Number.isInteger(value))) return;
  const kind = integer === true ? 'an integer' : 'a number';
  const lowest = from === Number.MIN_VALUE ? 'above 0' : `at least ${from}`;
  throw new AerieError(
    'INVALID_INPUT',
    `${field}: expected ${kind} ${lowest} and at most ${to}, got ${value}`,
  );
}
