import { usageOf } from '@aerie/inference';
import { getSchemaPath } from '@nestjs/swagger';
import type { ApiSchema } from '../http/content.js';
import { jsonFrame, textFrame } from '../http/sse/sse-frame.js';
import type { AnswerFormat } from './answer-format.js';

/** Schema of the events of {@link contentFormat}. */
export const CONTENT_EVENT: ApiSchema = {
  oneOf: [
    { type: 'object', required: ['content'], properties: { content: { type: 'string' } } },
    {
      type: 'object',
      required: ['done', 'finish_reason', 'usage'],
      properties: {
        done: { type: 'boolean' },
        finish_reason: { type: 'string', nullable: true },
        usage: { $ref: getSchemaPath('TextUsageDto') },
      },
    },
    {
      type: 'object',
      required: ['error'],
      properties: {
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { type: 'string' }, message: { type: 'string' } },
        },
      },
    },
  ],
};

/** `data: {"content": "..."}` for each piece, then `data: {"done": true, ...}`, or `data: {"error": {...}}`. */
export function contentFormat(): AnswerFormat {
  let finishReason: string | null = null;
  return {
    begin: () => [],
    event: (event) => {
      if (event.type === 'text') return event.text === '' ? [] : [jsonFrame({ content: event.text })];
      finishReason = event.finishReason;
      return [];
    },
    end: (usage) => [jsonFrame({ done: true, finish_reason: finishReason, usage: usageOf(usage) })],
    fail: ({ code, message }) => [jsonFrame({ error: { code, message } })],
  };
}

/** The pieces themselves as `data:`, then `data: [DONE]`, or `event: error`. */
export function plainFormat(): AnswerFormat {
  return {
    begin: () => [],
    event: (event) => (event.type === 'text' && event.text !== '' ? [textFrame(event.text)] : []),
    end: () => [textFrame('[DONE]')],
    fail: ({ code, message }) => [jsonFrame({ code, message }, 'error')],
  };
}
