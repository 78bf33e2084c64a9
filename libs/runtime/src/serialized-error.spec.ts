import { describe, expect, it } from '@jest/globals';
import { reviveError, serializeError } from './serialized-error.js';

const roundTrip = (error: unknown) => reviveError(structuredClone(serializeError(error)));

describe('an error that crosses a thread', () => {
  it('keeps its name, message, stack and cause', () => {
    const error = new TypeError('outer', { cause: new RangeError('inner') });
    const revived = roundTrip(error);
    expect(revived).toMatchObject({ name: 'TypeError', message: 'outer', stack: error.stack });
    expect(revived.cause).toMatchObject({ name: 'RangeError', message: 'inner' });
  });

  it('may be any thrown value', () => {
    expect(roundTrip('just text').message).toBe('just text');
  });

  it('may be its own cause', () => {
    const error = new Error('circular');
    error.cause = error;
    expect(roundTrip(error).message).toBe('circular');
  });
});
