import { AerieError } from '@aerie/contracts';
import type { PinoLogger } from '@aerie/observability';
import { describe, expect, it, jest } from '@jest/globals';
import type { ArgumentsHost } from '@nestjs/common';
import { ErrorEnvelopeFilter } from './error-envelope.filter.js';

function answer(
  thrown: unknown,
  state: { readonly headersSent?: boolean; readonly destroyed?: boolean } = {},
) {
  const logger = { error: jest.fn(), debug: jest.fn() };
  const response = {
    headersSent: false,
    destroyed: false,
    ...state,
    destroy: jest.fn(),
    setHeader: jest.fn(),
    status: jest.fn().mockReturnThis(),
    json: jest.fn(),
  };
  const request = { path: '/api/v1/predict', context: { id: 'r1' } };
  const host = { switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }) };
  const filter = new ErrorEnvelopeFilter(logger as unknown as PinoLogger, { of: () => undefined });
  filter.catch(thrown, host as unknown as ArgumentsHost);
  return { logger, response };
}

describe('a failure', () => {
  it('is answered with the envelope and the invalid fields', () => {
    const details = [{ field: 'top_k', message: 'no' }];
    const { response, logger } = answer(new AerieError('VALIDATION_ERROR', 'why', { details }));
    expect(response.status).toHaveBeenCalledWith(422);
    expect(response.json).toHaveBeenCalledWith({
      error: 'VALIDATION_ERROR',
      message: 'why',
      path: '/api/v1/predict',
      requestId: 'r1',
      details,
    });
    expect(response.setHeader).not.toHaveBeenCalled();
    expect(logger.error).not.toHaveBeenCalled();
  });

  it.each([
    [new AerieError('OVERLOADED', 'full', { retryAfterMs: 1200 }), '2'],
    [new AerieError('OVERLOADED', 'full', { retryAfterMs: 0 }), '1'],
    [new AerieError('SHUTTING_DOWN', 'bye'), '1'],
  ])('says when to retry, in whole seconds (%#)', (error, seconds) => {
    expect(answer(error).response.setHeader).toHaveBeenCalledWith('Retry-After', seconds);
  });

  it('of the server is logged with its cause and the request, which the caller does not see', () => {
    const cause = new Error('/etc/secret');
    const { response, logger } = answer(cause);
    expect(logger.error).toHaveBeenCalledWith({ id: 'r1', code: 'INTERNAL', err: cause }, expect.anything());
    expect(JSON.stringify(response.json.mock.calls)).not.toContain('secret');
  });

  it('after the headers closes the connection, because the status is already sent', () => {
    const { response } = answer(new Error('late'), { headersSent: true });
    expect(response.destroy).toHaveBeenCalled();
    expect(response.json).not.toHaveBeenCalled();
  });

  it('of a caller that has left gets no response', () => {
    const { response } = answer(new AerieError('CANCELED', 'left'), { destroyed: true });
    expect(response.status).not.toHaveBeenCalled();
  });
});
