import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenAiModel } from './openai-model.js';
import type { UpstreamOptions } from './upstream-options.js';
import { API_KEY, CHAT, collect, newTestModel, outcomeOf } from './testing/new-test-model.js';
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
let sut: OpenAiModel;
let close: () => Promise<void>;

async function setUp(options: Partial<UpstreamOptions> = {}): Promise<void> {
  ({ sut, upstream, close } = await newTestModel(options));
}

beforeEach(() => setUp());
afterEach(() => close());

const NO_COUNT = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

describe('OpenAiModel', () => {
  it('streams an answer, and reports the usage that follows it with the finish', async () => {
    upstream.answer(HELLO);
    const answer = sut.generate({ ...CHAT, temperature: 0.5, maxTokens: 9, stop: ['\n'] });
    const usage = { promptTokens: 7, cachedTokens: 4, completionTokens: 3 };
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

  it('reuses a connection whose body ends only after the answer', async () => {
    let end = (): void => undefined;
    upstream.answer((response) => {
      beginStream(response, piece('Hi'), finish('stop'), DONE);
      end = () => response.end();
    });
    for (let i = 0; i < 3; i++) {
      await collect(sut.generate(CHAT));
      end();
      while (sut.status().running > 0) await new Promise((resolve) => setImmediate(resolve));
      // The pool learns a turn of the event loop later that the connection is free.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect([upstream.requests.length, upstream.connections]).toEqual([3, 1]);
  });

  it('joins characters that were split between packets or pieces', async () => {
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

  it('says that usage is unknown if the upstream reports none', async () => {
    upstream.answer(stream(piece('Hi'), finish('length'), DONE));
    expect((await collect(sut.generate(CHAT))).at(-1)).toEqual({
      type: 'finish',
      index: 0,
      finishReason: 'length',
      usage: NO_COUNT,
    });
  });

  it('accepts an answer with all finish reasons and without [DONE] as complete', async () => {
    upstream.answer(stream(piece('Hi'), finish('stop')));
    expect(await outcomeOf(sut.generate(CHAT))).toEqual({ text: 'Hi', error: null });
  });

  it('finishes every choice separately', async () => {
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

  it("refuses parameters beyond OpenAI's, or sends them to vLLM, which is asked for usage with every piece", async () => {
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

  it('omits extensions that have no effect', async () => {
    upstream.answer(HELLO);
    await collect(sut.generate({ ...CHAT, topK: 0, minP: 0, repetitionPenalty: 1 }));
    expect(upstream.requests[0]?.body).not.toHaveProperty('top_k');
  });

  it('sends a plain prompt as a message with text_prompts chat', async () => {
    await close();
    await setUp({ textPrompts: 'chat' });
    upstream.answer(HELLO);
    await collect(sut.generate({ kind: 'text', prompt: 'P' }));
    expect(upstream.requests[0]).toMatchObject({
      url: '/v1/chat/completions',
      body: { messages: [{ role: 'user', content: 'P' }] },
    });
  });

  it('does not accept a filtered or abandoned answer as complete', async () => {
    upstream.answer(
      stream(piece('Well'), finish('content_filter'), DONE),
      stream(piece('Well'), finish('error'), DONE),
    );
    const filtered = await outcomeOf(sut.generate(CHAT));
    expect([filtered.text, filtered.error?.code]).toEqual(['Well', 'INVALID_INPUT']);
    expect((await outcomeOf(sut.generate(CHAT))).error?.code).toBe('UPSTREAM_ERROR');
  });

  it('reads no further ahead of a slow reader than the sockets hold', async () => {
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
    // Everything that can still flow does so within these turns of the event loop.
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

  it('sends no event for the role alone', async () => {
    upstream.answer(stream(': ping\n\n', GREETING, GREETING, piece('x'), finish('tool_calls'), DONE));
    expect((await collect(sut.generate(CHAT))).map(({ type }) => type)).toEqual(['text', 'finish']);
  });
});
