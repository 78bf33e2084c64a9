import type { Protocol } from '../http/errors/protocol.js';
import { answerOpenAiError } from './openai-error.js';

/** OpenAI's API, as far as this server speaks it. */
export const OPENAI: Protocol = {
  prefix: 'v1',
  answerError: (error, _request, response) => {
    answerOpenAiError(response, error);
  },
};
