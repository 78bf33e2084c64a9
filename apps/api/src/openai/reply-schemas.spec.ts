import type { CompleteAnswer, GenerationEvent, GenerationUsage } from '@aerie/inference';
import { describe, expect, it } from '@jest/globals';
import {
  chatChunkSchema,
  chatReplySchema,
  completionChunkSchema,
  completionReplySchema,
} from './reply-schemas.js';
import { chunkFormat, replyOf } from './text-reply.js';
import { readChatRequest, readCompletionRequest } from './text-request.js';

const usage: GenerationUsage = { promptTokens: 3, completionTokens: 1, cachedTokens: 0 };
const chosen = { token: 'a', logprob: -0.5, bytes: [97] };
const logprobs = [{ ...chosen, top: [chosen] }];
const origin = { model: 'm', version: '1' };
const EVENTS: readonly GenerationEvent[] = [
  { type: 'text', index: 0, text: 'a', tokens: 1, logprobs },
  { type: 'text', index: 0, text: 'b', tokens: 1 },
  { type: 'finish', index: 0, finishReason: 'stop', usage },
];

const stream = { model: 'm', stream: true, stream_options: { include_usage: true } };
const DIALECTS = [
  [
    'chat completions',
    readChatRequest({ ...stream, messages: [{ role: 'user', content: 'x' }] }),
    chatReplySchema,
    chatChunkSchema,
  ],
  [
    'completions',
    readCompletionRequest({ ...stream, prompt: 'x' }),
    completionReplySchema,
    completionChunkSchema,
  ],
] as const;

/** A documented field that is missing is an error; an undocumented one is stripped, and so differs. */
describe.each(DIALECTS)('the documented reply of %s', (_name, request, replySchema, chunkSchema) => {
  it.each([null, logprobs])('has exactly the fields of the reply, with logprobs %j', (given) => {
    const choices = [{ index: 0, text: 'a', finishReason: 'stop', logprobs: given }] as const;
    const reply = replyOf(request, { ...origin, choices, usage } as unknown as CompleteAnswer);
    expect(replySchema.parse(reply)).toEqual(reply);
  });

  it('has exactly the fields of every event', () => {
    const format = chunkFormat(request)(origin);
    const frames = [...EVENTS.flatMap((event) => format.event(event)), ...format.end(usage)];
    const chunks = frames
      .map((frame) => frame.replace(/^data: /, '').trim())
      .filter((data) => data !== '[DONE]')
      .map((data) => JSON.parse(data) as unknown);
    expect(chunks).toHaveLength(EVENTS.length + 1);
    for (const chunk of chunks) expect(chunkSchema.parse(chunk)).toEqual(chunk);
  });
});
