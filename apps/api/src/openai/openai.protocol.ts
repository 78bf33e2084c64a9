import type { Protocol } from '@aerie/http';
import { answerOpenAiError } from './openai-error.js';

/** OpenAI's API, as far as this server supports it. */
export const OPENAI: Protocol = {
  prefix: 'v1',
  answerError: (error, _request, response) => {
    answerOpenAiError(response, error);
  },
};
