import type { Protocol } from '@aerie/http';
import { OpenAiErrorEnvelopeDto } from './openai-error.dto.js';
import { answerOpenAiError, openAiStatusOf } from './openai-error.js';

/** OpenAI's API, as far as this server supports it. */
export const OPENAI: Protocol = {
  prefix: 'v1',
  errorBody: OpenAiErrorEnvelopeDto,
  errorStatus: openAiStatusOf,
  answerError: (error, _request, response) => {
    answerOpenAiError(response, error);
  },
};
