import type { AerieError } from '@aerie/contracts';
import type { Logger } from '@aerie/runtime';
import type { RequestContext } from '../request-context.js';

/**
 * Logs why a request failed. Only an unexpected error is logged with its stack. For the others, which are rows of the error
 * table, the line of the request has the code and the reason, so that a loading model or an unreachable queue does not
 * fill the log with stacks.
 */
export function logFailure(logger: Logger, error: AerieError, context: RequestContext): void {
  context.failure = error;
  const about = { id: context.id, code: error.code };
  if (error.code === 'INTERNAL') logger.error({ ...about, err: error.cause ?? error }, error.message);
  else logger.debug(about, reasonOf(error));
}

/** The messages of an error and its causes, without stacks. */
export function reasonOf(error: Error): string {
  const messages = [error.message];
  for (let { cause } = error; cause instanceof Error && messages.length < 5; { cause } = cause) {
    if (!messages.includes(cause.message)) messages.push(cause.message);
  }
  return messages.join(' <- ');
}
