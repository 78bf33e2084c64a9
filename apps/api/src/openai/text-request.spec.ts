import { describe, expect, it } from '@jest/globals';
import { readEmbeddingRequest } from './embedding-request.js';
import { modelOf } from './request-fields.js';
import { readChatRequest, readCompletionRequest } from './text-request.js';

const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const COMPLETION = { model: 'm', prompt: 'hi' };

describe('reading chat completions', () => {
  it('leaves the defaults to the model', () => {
    expect(readChatRequest(CHAT)).toEqual({
      model: 'm',
      stream: false,
      includeUsage: false,
      kind: 'chat',
      generation: { kind: 'chat', messages: [{ role: 'user', content: 'hi' }] },
    });
  });

  it('passes every parameter on', () => {
    const { generation, includeUsage } = readChatRequest({
      ...CHAT,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 3,
      max_completion_tokens: 4,
      n: 2,
      temperature: 0.5,
      top_p: 0.9,
      top_k: -1,
      min_p: 0.1,
      repetition_penalty: 1.1,
      presence_penalty: 1,
      frequency_penalty: -1,
      logit_bias: { '5': 3 },
      seed: 9,
      reproducible: true,
      stop: 'x',
      logprobs: true,
      top_logprobs: 2,
    });
    expect(includeUsage).toBe(true);
    expect(generation).toMatchObject({
      maxTokens: 4,
      n: 2,
      temperature: 0.5,
      topP: 0.9,
      topK: 0,
      minP: 0.1,
      repetitionPenalty: 1.1,
      presencePenalty: 1,
      frequencyPenalty: -1,
      logitBias: { '5': 3 },
      seed: 9,
      reproducible: true,
      stop: ['x'],
      topLogprobs: 2,
    });
  });

  it('takes null for a parameter that was not given', () => {
    const nothing = { temperature: null, stop: null, n: null, tools: null, logit_bias: null, seed: null };
    expect(readChatRequest({ ...CHAT, ...nothing })).toEqual(readChatRequest(CHAT));
  });

  it('asks for usage at the end of streams only', () => {
    expect(readChatRequest({ ...CHAT, stream_options: { include_usage: true } }).includeUsage).toBe(false);
  });

  it.each([
    [{ model: undefined }, 'model'],
    [{ messages: [] }, 'messages'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ logit_bias: { word: 1 } }, 'logit_bias.word'],
    [{ n: 0 }, 'n'],
  ])('refuses %j, naming %s', (changes, field) => {
    expect(() => readChatRequest({ ...CHAT, ...changes })).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        details: [expect.objectContaining({ field })],
      }),
    );
  });

  it.each([
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ reasoning_effort: 'high' }, 'reasoning_effort'],
    [{ service_tier: 'priority' }, 'service_tier'],
    [{ messages: [{ role: 'assistant', content: null, tool_calls: [{}] }] }, 'messages.0.tool_calls'],
  ])('does not support %j', (changes, field) => {
    expect(() => readChatRequest({ ...CHAT, ...changes })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_PARAMETER',
        details: [expect.objectContaining({ field })],
      }),
    );
  });
});

describe('reading completions', () => {
  it('ends after 16 tokens unless told otherwise, as OpenAI does', () => {
    expect(readCompletionRequest(COMPLETION).generation).toEqual({
      kind: 'text',
      prompt: 'hi',
      maxTokens: 16,
    });
    expect(readCompletionRequest({ ...COMPLETION, prompt: ['hi'], max_tokens: 2 }).generation).toMatchObject({
      prompt: 'hi',
      maxTokens: 2,
    });
  });

  it('asks for a text for each of several prompts', () => {
    const { generation } = readCompletionRequest({ ...COMPLETION, prompt: ['a', 'b'], n: 2, seed: 5 });
    const shared = { kind: 'text', n: 2, seed: 5, maxTokens: 16 };
    expect(generation).toEqual([
      { ...shared, prompt: 'a' },
      { ...shared, prompt: 'b' },
    ]);
  });

  it.each([
    [{ prompt: [] }, 'prompt'],
    [{ prompt: [null] }, 'prompt.0'],
    [{ prompt: new Array(17).fill('a') }, 'prompt'],
    [{ prompt: ['a', 'b'], n: 65 }, 'n'],
  ])('refuses %j, naming %s', (changes, field) => {
    expect(() => readCompletionRequest({ ...COMPLETION, ...changes })).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        details: [expect.objectContaining({ field })],
      }),
    );
  });

  it.each([
    [{ prompt: [1, 2] }],
    [{ prompt: [[1], [2]] }],
    [{ echo: true }],
    [{ suffix: 'x' }],
    [{ best_of: 3 }],
  ])('does not support %j', (changes) => {
    expect(() => readCompletionRequest({ ...COMPLETION, ...changes })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_PARAMETER' }),
    );
  });
});

describe('reading embeddings', () => {
  it('takes one text or several', () => {
    expect(readEmbeddingRequest({ model: 'm', input: 'a', encoding_format: 'base64' }, 2)).toEqual({
      model: 'm',
      texts: ['a'],
      base64: true,
      dimensions: undefined,
    });
    expect(readEmbeddingRequest({ model: 'm', input: ['a', 'b'] }, 2).texts).toEqual(['a', 'b']);
  });

  it.each([[[]], [['a', 'b', 'c']], [' '], [[null]]])('refuses the input %j', (input) => {
    expect(() => readEmbeddingRequest({ model: 'm', input }, 2)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    );
  });
});

it.each([
  ['m', { model: 'm' }],
  ['m@2', { model: 'm', version: '2' }],
  ['@2', { model: '@2' }],
])('reads %s as %j', (id, expected) => {
  expect(modelOf(id)).toEqual(expected);
});
