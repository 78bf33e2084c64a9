import type { Response } from 'express';

/** Aborts when the caller has disconnected or the response has ended. For waits that may outlast REQUEST_TIMEOUT. */
export function requestSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  if (response.closed) controller.abort();
  response.once('close', () => {
    controller.abort();
  });
  return controller.signal;
}
