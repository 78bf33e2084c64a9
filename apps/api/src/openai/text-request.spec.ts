import { describe, expect, it } from '@jest/globals';
import { readEmbeddingRequest } from './embedding-request.js';
import { modelOf } from './request-fields.js';
import { readChatRequest, readCompletionRequest } from './text-request.js';

const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
const COMPLETION = { model: 'm', prompt: 'hi' };

describe('the wording of problems', () => {
  it.each([
    [{ seed: 'a' }, 'seed must be an integer, got a string'],
    [{ seed: 1.5 }, 'seed must be an integer, got 1.5'],
    [{ n: 'a' }, 'n must be an integer, got a string'],
    [{ temperature: 3 }, 'temperature must be at most 2, got 3'],
    [{ repetition_penalty: 0 }, 'repetition_penalty must be greater than 0, got 0'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop must have at most 4 items, got 5'],
    [{ stop: 5 }, 'stop must be a string or a list, got a number'],
    [{ logit_bias: { word: 1 } }, 'logit_bias.word must be a token id'],
    [{ model: undefined }, 'model is required'],
    [{ messages: [5] }, 'messages.0 must be an object, got a number'],
    [{ stream: 'yes' }, 'stream must be true or false, got a string'],
  ])('reports the type first, then the range: %j', (fields, message) => {
    expect(() => readChatRequest({ ...CHAT, ...fields })).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ message })] }),
    );
  });

  it('accepts a top_p of 0, and integers of 64 bits as seeds', () => {
    const { generation } = readChatRequest({ ...CHAT, top_p: 0, seed: 2 ** 63 });
    expect(generation).toMatchObject({ topP: 0 });
    const { seed } = generation as { readonly seed?: number };
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(readChatRequest({ ...CHAT, seed: -7 }).generation).toMatchObject({ seed: -7 });
  });
});

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

  it('treats null as an absent parameter', () => {
    const nothing = { temperature: null, stop: null, n: null, tools: null, logit_bias: null, seed: null };
    expect(readChatRequest({ ...CHAT, ...nothing })).toEqual(readChatRequest(CHAT));
  });

  it('requests usage only at the end of streams', () => {
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
  it("ends after 16 tokens by default, like OpenAI's", () => {
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

  it('requests a text for each of several prompts', () => {
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
  it('accepts one text or several', () => {
    expect(readEmbeddingRequest({ model: 'm', input: 'a', encoding_format: 'base64' }, 2)).toEqual({
      model: 'm',
      inputs: ['a'],
      truncate: false,
      base64: true,
      dimensions: undefined,
    });
    expect(readEmbeddingRequest({ model: 'm', input: ['a', 'b'] }, 2).inputs).toEqual(['a', 'b']);
  });

  it.each([
    [[1, 2], [[1, 2]]],
    [
      [[1], [2, 3]],
      [[1], [2, 3]],
    ],
  ])('accepts the token ids %j', (input, inputs) => {
    expect(readEmbeddingRequest({ model: 'm', input }, 2).inputs).toEqual(inputs);
  });

  it.each([
    [{}, false],
    [{ truncate: true }, true],
    [{ truncate: true, truncate_prompt_tokens: 5 }, 5],
    [{ truncate_prompt_tokens: -1 }, true],
    [{ truncate_prompt_tokens: null }, false],
  ])('truncates as %j says', (fields, truncate) => {
    expect(readEmbeddingRequest({ model: 'm', input: 'a', ...fields }, 2)).toMatchObject({ truncate });
  });

  it.each([
    [{ input: 5 }, 'input must be a string or a list, got a number'],
    [{ input: ['a', ' '] }, 'input.1 must not be blank'],
    [{ input: [1, 'a'] }, 'input.1 must be an integer, got a string'],
    [{ input: [[1.5]] }, 'input.0.0 must be an integer, got 1.5'],
    [{ input: [] }, 'input must have at least 1 item, got 0'],
    [{ input: ['a', 'b', 'c'] }, 'input must have at most 2 items, got 3 (MAX_EMBED_TEXTS)'],
    [{ truncate_prompt_tokens: 0 }, 'truncate_prompt_tokens must be -1 or at least 1, got 0'],
    [{ truncate: 'yes' }, 'truncate must be true or false, got a string'],
  ])('reports for %j: %s', (fields, message) => {
    expect(() => readEmbeddingRequest({ model: 'm', input: 'a', ...fields }, 2)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ message })] }),
    );
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
