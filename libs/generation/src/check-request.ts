import { AerieError, SAMPLING_ROWS, fieldProblems } from '@aerie/contracts';
import type { GenerationRequest } from './generation-request.js';

/**
 * Refuses a request with invalid parameters, before it is sent to the generation thread.
 *
 * @throws AerieError INVALID_INPUT, with what was expected and what was received.
 */
export function checkRequest(request: GenerationRequest, maxSlots: number): void {
  for (const row of SAMPLING_ROWS) {
    if (row.type === 'number' || row.type === 'integer') {
      checkNumber(row.name, request[row.name] as number | undefined, row);
    }
  }
  checkNumber('n', request.n, { type: 'integer', min: 1, max: maxSlots });
  if (request.stop?.includes('') === true) throw refused('stop', 'must have no empty strings');
  if (request.kind === 'chat' && request.messages.length === 0) {
    throw refused('messages', fieldProblems.length(0, { min: 1 }, 'items'));
  }
}

interface NumberRule {
  readonly type: 'number' | 'integer';
  readonly min?: number;
  readonly above?: number;
  readonly max: number;
}

function checkNumber(field: string, value: number | undefined, rule: NumberRule): void {
  if (value === undefined) return;
  if (Number.isNaN(value)) throw refused(field, 'must be a number, got NaN');
  if (rule.type === 'integer' && !Number.isInteger(value))
    throw refused(field, fieldProblems.fraction(value));
  const problem = fieldProblems.range(value, rule);
  if (problem !== undefined) throw refused(field, problem);
}

function refused(field: string, problem = ''): AerieError {
  return new AerieError('INVALID_INPUT', `${field} ${problem}.`);
}
