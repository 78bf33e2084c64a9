import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenAiProvider } from './openai-provider.js';
import type { ProviderOptions } from './provider-options.js';
import { API_KEY, CHAT, collect, newTestProvider, outcomeOf } from './testing/new-test-provider.js';
import {
  beginStream,
  data,
  DONE,
  finish,
  GREETING,
  HELLO,
  piece,
  type StandInUpstream,
  stream,
  USAGE,
} from './testing/stand-in-upstream.js';

let upstream: StandInUpstream;
let sut: OpenAiProvider;
let close: () => Promise<void>;

async function setUp(options: Partial<ProviderOptions> = {}): Promise<void> {
  ({ sut, upstream, close } = await newTestProvider(options));
}

beforeEach(() => setUp());
afterEach(() => close());

const NO_COUNT = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reported: false };

describe('OpenAiProvider', () => {
  it('streams an answer, with the usage that comes after it on its finish', async () => {
    upstream.answer(HELLO);
    const answer = sut.generate({ ...CHAT, temperature: 0.5, maxTokens: 9, stop: ['\n'] });
    const usage = { promptTokens: 7, cachedTokens: 4, completionTokens: 3, reported: true };
    expect(await collect(answer)).toEqual([
      { type: 'text', index: 0, text: 'Hel', tokens: 0 },
      { type: 'text', index: 0, text: 'lo', tokens: 0 },
      { type: 'finish', index: 0, finishReason: 'stop', usage },
    ]);
    expect(answer.usage).toEqual(usage);
    expect(upstream.requests[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: {
        model: 'their-model',
        messages: [{ role: 'user', content: 'Hi' }],
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0.5,
        max_tokens: 9,
        stop: ['\n'],
      },
    });
  });

  it('uses a connection again whose body ends only after the answer', async () => {
    let end = (): void => undefined;
    upstream.answer((response) => {
      beginStream(response, piece('Hi'), finish('stop'), DONE);
      end = () => response.end();
    });
    for (let i = 0; i < 3; i++) {
      await collect(sut.generate(CHAT));
      end();
      while (sut.status().running > 0) await new Promise((resolve) => setImmediate(resolve));
      // The pool learns a turn later that the connection is free.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect([upstream.requests.length, upstream.connections]).toEqual([3, 1]);
  });

  it('puts characters together that were split between packets and between pieces', async () => {
    const bytes = Buffer.from(piece('日本 🦅'));
    const [high = '', low = ''] = '🦅';
    const halves = ['\ud83e', '\udd85'].map((half) =>
      data({ choices: [{ index: 0, delta: { content: half } }] }),
    );
    expect([high, low]).toEqual(['🦅', '']);
    upstream.answer((response) => {
      response.writeHead(200);
      let at = 0;
      const next = (): void => {
        if (at < bytes.length) {
          response.write(bytes.subarray(at, ++at), () => setImmediate(next));
        } else {
          response.end(halves.join('') + finish('stop') + DONE);
        }
      };
      next();
    });
    const texts = (await collect(sut.generate(CHAT))).map((event) =>
      event.type === 'text' ? event.text : '.',
    );
    expect(texts).toEqual(['日本 🦅', '🦅', '.']);
  });

  it('says that usage is unknown when the upstream counts nothing', async () => {
    upstream.answer(stream(piece('Hi'), finish('length'), DONE));
    expect((await collect(sut.generate(CHAT))).at(-1)).toEqual({
      type: 'finish',
      index: 0,
      finishReason: 'length',
      usage: NO_COUNT,
    });
  });

  it('takes an answer for complete that ends with all finish reasons and without [DONE]', async () => {
    upstream.answer(stream(piece('Hi'), finish('stop')));
    expect(await outcomeOf(sut.generate(CHAT))).toEqual({ text: 'Hi', error: null });
  });

  it('gives every choice its own finish', async () => {
    upstream.answer(stream(piece('a'), finish('stop', 1), piece('b'), finish('length'), USAGE, DONE));
    const events = await collect(sut.generate({ ...CHAT, n: 2 }));
    expect(
      events.map((event) => [event.index, event.type === 'text' ? event.text : event.finishReason]),
    ).toEqual([
      [0, 'a'],
      [1, 'stop'],
      [0, 'b'],
      [0, 'length'],
    ]);
    expect(upstream.requests[0]?.body.n).toBe(2);
  });

  it('passes on log probabilities of chats and of plain completions', async () => {
    const entry = { token: 'é', logprob: -0.5, bytes: null };
    upstream.answer(
      stream(
        piece('é', { logprobs: { content: [{ ...entry, top_logprobs: [entry] }] } }),
        finish('stop'),
        DONE,
      ),
      stream(
        data({
          choices: [
            { text: 'x', logprobs: { tokens: ['x'], token_logprobs: [-1], top_logprobs: [{ y: -2 }] } },
          ],
        }),
        data({ choices: [{ text: '', finish_reason: 'stop' }] }),
        DONE,
      ),
    );
    const told = { token: 'é', logprob: -0.5, bytes: [0xc3, 0xa9] };
    const [chat] = await collect(sut.generate({ ...CHAT, topLogprobs: 1 }));
    expect(chat).toEqual({
      type: 'text',
      index: 0,
      text: 'é',
      tokens: 1,
      logprobs: [{ ...told, top: [told] }],
    });
    const [text] = await collect(sut.generate({ kind: 'text', prompt: 'P', topLogprobs: 1 }));
    expect(text).toMatchObject({
      text: 'x',
      logprobs: [{ token: 'x', logprob: -1, top: [{ token: 'y', logprob: -2 }] }],
    });
    expect(upstream.requests.map(({ url, body }) => [url, body.logprobs, body.prompt])).toEqual([
      ['/v1/chat/completions', true, undefined],
      ['/v1/completions', 1, 'P'],
    ]);
  });

  it('refuses parameters that OpenAI does not know, and sends them to vLLM, which then reports usage with every piece', async () => {
    const request = { ...CHAT, topK: 40, repetitionPenalty: 1.1 };
    const { error } = await outcomeOf(sut.generate(request));
    expect([error?.code, error?.message]).toEqual([
      'UNSUPPORTED_PARAMETER',
      'top_k is not supported by the model remote: it is not a parameter of the OpenAI API; leave it out',
    ]);
    expect((await outcomeOf(sut.generate({ ...CHAT, reproducible: true }))).error?.code).toBe(
      'UNSUPPORTED_PARAMETER',
    );
    expect(upstream.requests).toHaveLength(0);
    await close();
    await setUp({ extensions: 'vllm', maxTokensField: 'max_completion_tokens' });
    const counted = (text: string, tokens: number): string =>
      data({
        choices: [{ delta: { content: text } }],
        usage: { prompt_tokens: 5, completion_tokens: tokens },
      });
    upstream.answer(stream(counted('a', 2), counted('b', 3), finish('stop'), DONE));
    const events = await collect(sut.generate({ ...request, maxTokens: 4 }));
    expect(
      events.map((event) => (event.type === 'text' ? event.tokens : event.usage.completionTokens)),
    ).toEqual([2, 1, 3]);
    expect(upstream.requests[0]?.body).toMatchObject({
      top_k: 40,
      repetition_penalty: 1.1,
      max_completion_tokens: 4,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    });
  });

  it('leaves out extensions that change nothing', async () => {
    upstream.answer(HELLO);
    await collect(sut.generate({ ...CHAT, topK: 0, minP: 0, repetitionPenalty: 1 }));
    expect(upstream.requests[0]?.body).not.toHaveProperty('top_k');
  });

  it('asks a model that only chats for a plain prompt as a message', async () => {
    await close();
    await setUp({ textPrompts: 'chat' });
    upstream.answer(HELLO);
    await collect(sut.generate({ kind: 'text', prompt: 'P' }));
    expect(upstream.requests[0]).toMatchObject({
      url: '/v1/chat/completions',
      body: { messages: [{ role: 'user', content: 'P' }] },
    });
  });

  it('does not take a filtered or given up answer for a complete one', async () => {
    upstream.answer(
      stream(piece('Well'), finish('content_filter'), DONE),
      stream(piece('Well'), finish('error'), DONE),
    );
    const filtered = await outcomeOf(sut.generate(CHAT));
    expect([filtered.text, filtered.error?.code]).toEqual(['Well', 'INVALID_INPUT']);
    expect((await outcomeOf(sut.generate(CHAT))).error?.code).toBe('UPSTREAM_ERROR');
  });

  it('gives a reader that does not wait no more than the sockets hold', async () => {
    let sent = 0;
    const big = piece('x'.repeat(10_000));
    upstream.answer((response) => {
      response.writeHead(200);
      const more = (): void => {
        while (sent < 40_000_000) {
          sent += big.length;
          if (!response.write(big)) {
            response.once('drain', more);
            return;
          }
        }
        response.end(finish('stop') + DONE);
      };
      more();
    });
    const answer = sut.generate(CHAT);
    await answer.next();
    // Nothing is left to wait for: whatever can still flow does so within these turns of the event loop.
    for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBeLessThan(20_000_000);
    let length = 10_000;
    for await (const event of answer) if (event.type === 'text') length += event.text.length;
    expect(length).toBeGreaterThan(39_000_000);
  });

  it('opens no connection for a caller that has already left', async () => {
    const { error } = await outcomeOf(sut.generate(CHAT, AbortSignal.abort()));
    expect([error?.code, upstream.requests.length]).toEqual(['CANCELED', 0]);
  });

  it('greets no reader: the role alone is no event', async () => {
    upstream.answer(stream(': ping\n\n', GREETING, GREETING, piece('x'), finish('tool_calls'), DONE));
    expect((await collect(sut.generate(CHAT))).map(({ type }) => type)).toEqual(['text', 'finish']);
  });
});
