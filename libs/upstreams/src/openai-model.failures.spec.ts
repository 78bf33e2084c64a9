import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { FakeClock, MemoryLogger } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenAiModel } from './openai-model.js';
import type { UpstreamOptions } from './upstream-options.js';
import { API_KEY, CHAT, newTestModel, outcomeOf } from './testing/new-test-model.js';
import {
  beginStream,
  data,
  DONE,
  finish,
  GREETING,
  HELLO,
  piece,
  refuse,
  type StandInUpstream,
  stream,
} from './testing/stand-in-upstream.js';

let upstream: StandInUpstream;
let sut: OpenAiModel;
let clock: FakeClock;
let logger: MemoryLogger;
let close: () => Promise<void>;

async function setUp(options: Partial<UpstreamOptions> = {}): Promise<void> {
  ({ sut, upstream, clock, logger, close } = await newTestModel(options));
}

beforeEach(() => setUp());
afterEach(() => close());

const ask = (signal?: AbortSignal) => outcomeOf(sut.generate(CHAT, signal));

/** Lets the pauses between attempts pass; each is a timer beside that of the first token. */
async function passPauses(...delaysMs: readonly number[]): Promise<void> {
  for (const delayMs of delaysMs) {
    await clock.untilArmed(2);
    expect(clock.armed[0]).toBe(delayMs);
    clock.jump(delayMs);
  }
}

describe('OpenAiModel, when its upstream is slow', () => {
  it('times out if no answer begins, even if the upstream sends a role and pings', async () => {
    upstream.answer((response) => {
      beginStream(response, GREETING, ': ping\n\n');
    });
    const outcome = ask();
    await upstream.untilRequests(1);
    clock.jump(29_999);
    expect(clock.armed).toEqual([1]);
    clock.jump(1);
    const { error } = await outcome;
    expect([error?.code, error?.message]).toEqual([
      'TIMEOUT',
      'the upstream of remote did not begin its response within 30000 ms',
    ]);
    await upstream.requests[0]?.closed;
    expect(clock.armed).toEqual([]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('times out when an answer falls silent, after the text received', async () => {
    upstream.answer((response) => {
      beginStream(response, piece('Hel'));
    });
    const answer = sut.generate(CHAT);
    expect(await answer.next()).toMatchObject({ value: { text: 'Hel' } });
    // Time that the reader takes is not silence of the upstream.
    expect(clock.armed).toEqual([]);
    clock.jump(100_000);
    const silent = expect(answer.next()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await clock.untilArmed(1);
    clock.jump(20_000);
    await silent;
    expect(await answer.next()).toEqual({ done: true, value: undefined });
    await upstream.requests[0]?.closed;
  });

  it("keeps to a caller's shorter limits, which do not count against the upstream", async () => {
    await close();
    await setUp({ circuit: { failures: 1 } });
    upstream.answer((response) => {
      beginStream(response, GREETING);
    });
    const first = outcomeOf(sut.generate({ ...CHAT, firstTokenTimeoutMs: 50 }));
    await upstream.untilRequests(1);
    clock.jump(50);
    expect((await first).error?.code).toBe('TIMEOUT');
    const whole = outcomeOf(sut.generate({ ...CHAT, timeoutMs: 70 }));
    await upstream.untilRequests(2);
    clock.jump(70);
    expect((await whole).error?.message).toBe('the answer took longer than 70 ms');
    expect(sut.status().state).toBe('closed');
  });

  it('times out if no connection is established', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await close();
    // A server that accepts the connection and never speaks TLS.
    await setUp({ baseUrl: `https://127.0.0.1:${String(port)}/v1`, connectTimeoutMs: 30, retries: 0 });
    const { error } = await ask();
    expect([error?.code, error?.message]).toEqual([
      'TIMEOUT',
      'the upstream of remote took no connection within 30 ms',
    ]);
    server.close();
  });
});

describe('OpenAiModel, when its upstream fails', () => {
  it('reports a reset in the middle of an answer, and does not try again', async () => {
    upstream.answer((response) => {
      beginStream(response, piece('Hel'));
      setImmediate(() => response.destroy());
    });
    const { text, error } = await ask();
    expect([text, error?.code, error?.message]).toEqual([
      'Hel',
      'UPSTREAM_ERROR',
      'the connection to the upstream of remote broke while it answered',
    ]);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['neither finish reason nor [DONE]', [piece('Hel')]],
    ['no finish reason', [piece('Hel'), DONE]],
    ['nothing at all', []],
    ['half an event', [piece('Hel'), 'data: {"choices": [{"delta": {"con']],
  ])('reports a stream with %s as broken off', async (_, events) => {
    upstream.answer(stream(...events));
    expect((await ask()).error?.message).toBe(
      'the upstream of remote broke off before its answer was complete',
    );
  });

  it.each([
    ['an error in the data', data({ error: { message: 'boom at http://10.0.0.1/x', code: 500 } })],
    ['an event named error', `event: error\n${data({ message: 'boom' })}`],
    ["vLLM's older form", data({ object: 'error', message: 'boom', code: 500 })],
    ['an error that is a string', data({ error: 'boom' })],
    ['data that is not JSON', 'data: <html>\n\n'],
    ['another choice than asked for', data({ choices: [{ index: 3, delta: { content: 'x' } }] })],
  ])('reports %s in mid-stream as a failure', async (_, event) => {
    upstream.answer(stream(piece('Hel'), event, finish('stop'), DONE));
    const { text, error } = await ask();
    expect([text, error?.code]).toEqual(['Hel', 'UPSTREAM_ERROR']);
  });

  it('waits as long as a 429 asks, then succeeds', async () => {
    upstream.answer(refuse(429, { message: 'slow down' }, { 'retry-after': '2' }), HELLO);
    const outcome = ask();
    await passPauses(2_000);
    expect(await outcome).toEqual({ text: 'Hello', error: null });
  });

  it('tries again after a 500 with doubling pauses, then succeeds', async () => {
    upstream.answer(refuse(500, 'oops'), refuse(503, { message: 'busy' }), HELLO);
    const outcome = ask();
    await passPauses(125, 250);
    expect(await outcome).toEqual({ text: 'Hello', error: null });
  });

  it('gives up after the last attempt', async () => {
    upstream.answer(refuse(500, { message: 'oops' }));
    const outcome = ask();
    await passPauses(125, 250);
    const { error } = await outcome;
    expect([error?.code, error?.status, upstream.requests.length]).toEqual(['UPSTREAM_ERROR', 502, 3]);
    expect(clock.armed).toEqual([]);
  });

  it('tries again if a connection is lost before anything has arrived', async () => {
    upstream.answer((response) => response.destroy(), HELLO);
    const outcome = ask();
    await passPauses(125);
    expect((await outcome).text).toBe('Hello');
  });

  it.each([
    ['asks for more patience than there is', 429, {}, { 'retry-after-ms': '60000' }, 'RATE_LIMITED', 60_000],
    ['does not want to be asked again', 500, {}, { 'x-should-retry': 'false' }, 'UPSTREAM_ERROR', undefined],
    ['has no quota left', 429, { code: 'insufficient_quota' }, {}, 'UPSTREAM_ERROR', undefined],
    ['refuses the key', 401, {}, {}, 'UPSTREAM_ERROR', undefined],
    ['does not allow it', 403, {}, {}, 'UPSTREAM_ERROR', undefined],
    ['does not know the model', 404, { code: 'model_not_found' }, {}, 'UPSTREAM_ERROR', undefined],
    ['points elsewhere', 307, {}, { location: 'http://127.0.0.1:1/' }, 'UPSTREAM_ERROR', undefined],
    ['refuses the request', 400, { message: 'bad' }, {}, 'INVALID_INPUT', undefined],
    ['refuses its content', 422, { message: 'bad' }, {}, 'INVALID_INPUT', undefined],
    [
      'cannot hold the prompt',
      400,
      { code: 'context_length_exceeded' },
      {},
      'CONTEXT_LENGTH_EXCEEDED',
      undefined,
    ],
    [
      'cannot hold the prompt, as vLLM says it',
      400,
      { message: "This model's maximum context length is 2048 tokens." },
      {},
      'CONTEXT_LENGTH_EXCEEDED',
      undefined,
    ],
  ] as const)(
    'does not try again an upstream that %s',
    async (_, status, failure, headers, code, retryAfterMs) => {
      upstream.answer(refuse(status, failure, headers));
      const { error } = await ask();
      expect([error?.code, error?.retryAfterMs, upstream.requests.length]).toEqual([code, retryAfterMs, 1]);
    },
  );

  it('refuses requests beyond max_connections', async () => {
    await close();
    await setUp({ maxConnections: 1 });
    upstream.answer((response) => {
      beginStream(response, piece('a'));
    });
    const answer = sut.generate(CHAT);
    await answer.next();
    const { error } = await ask();
    expect([error?.code, error?.retryAfterMs]).toEqual(['OVERLOADED', 1_000]);
    await answer.return();
    expect(upstream.requests).toHaveLength(1);
  });

  it('opens after consecutive failures, and lets one request find out whether the upstream has recovered', async () => {
    await close();
    await setUp({ retries: 0, circuit: { failures: 2, openMs: 10_000 } });
    upstream.answer(refuse(500, {}), refuse(500, {}), HELLO);
    await ask();
    await ask();
    expect(sut.status()).toMatchObject({
      state: 'open',
      running: 0,
    });
    clock.jump(4_000);
    const { error } = await ask();
    expect([error?.code, error?.retryAfterMs, upstream.requests.length]).toEqual([
      'UPSTREAM_ERROR',
      6_000,
      2,
    ]);
    clock.jump(6_000);
    expect(sut.status().state).toBe('half-open');
    expect((await ask()).text).toBe('Hello');
    expect(sut.status().state).toBe('closed');
  });
});

describe('OpenAiModel, when its caller leaves', () => {
  it.each(['before the head', 'before the first token', 'in the middle'])(
    'aborts the upstream request %s',
    async (when) => {
      upstream.answer((response) => {
        if (when !== 'before the head')
          beginStream(response, when === 'in the middle' ? piece('a') : GREETING);
      });
      const controller = new AbortController();
      const answer = sut.generate(CHAT, controller.signal);
      if (when === 'in the middle') await answer.next();
      const next = answer.next();
      await upstream.untilRequests(1);
      controller.abort();
      await expect(next).rejects.toMatchObject({ code: 'CANCELED' });
      await upstream.requests[0]?.closed;
      expect(clock.armed).toEqual([]);
    },
  );

  it('aborts the upstream request of a reader who leaves the loop, or is between two reads', async () => {
    upstream.answer((response) => {
      beginStream(response, piece('a'), piece('b'));
    });
    for await (const event of sut.generate(CHAT)) {
      expect(event).toMatchObject({ text: 'a' });
      break;
    }
    await upstream.requests[0]?.closed;
    const controller = new AbortController();
    const answer = sut.generate({ ...CHAT, timeoutMs: 60_000 }, controller.signal);
    await answer.next();
    controller.abort();
    await upstream.requests[1]?.closed;
    expect(clock.armed).toEqual([]);
    await expect(answer.next()).rejects.toMatchObject({ code: 'CANCELED' });
    expect(await answer.next()).toEqual({ done: true, value: undefined });
  });

  it('makes no further attempts', async () => {
    upstream.answer(refuse(500, {}));
    const controller = new AbortController();
    const outcome = ask(controller.signal);
    await clock.untilArmed(2);
    controller.abort();
    expect((await outcome).error?.code).toBe('CANCELED');
    expect(upstream.requests).toHaveLength(1);
    expect(clock.armed).toEqual([]);
  });

  it('ends running answers when it is closed', async () => {
    upstream.answer((response) => {
      beginStream(response, piece('a'));
    });
    const answer = sut.generate(CHAT);
    await answer.next();
    const ended = expect(answer.next()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await sut.close();
    await ended;
    expect((await ask()).error?.code).toBe('SHUTTING_DOWN');
  });
});

describe('OpenAiModel, about its key and address', () => {
  it('reveals neither to callers nor to the log, whatever the upstream says', async () => {
    const { port } = new URL(upstream.baseUrl);
    const said = `Incorrect API key ${API_KEY} (sk-very***789) at ${upstream.baseUrl}/chat for 127.0.0.1:${port}, /srv/vllm/app.py`;
    const failure = { message: said, code: API_KEY, type: upstream.baseUrl };
    const seen: unknown[] = [];
    for (const status of [400, 401, 404, 422, 429, 500]) {
      upstream.answer(refuse(status, failure, { 'x-should-retry': 'false' }));
      seen.push((await ask()).error);
    }
    upstream.answer(stream(piece('a'), data({ error: failure })));
    seen.push((await ask()).error);
    await upstream.close();
    const outcome = ask();
    await passPauses(125, 250);
    seen.push((await outcome).error);
    const text =
      JSON.stringify([seen, logger.lines, sut.status()]) + seen.map((error) => causes(error)).join();
    for (const secret of ['verysecret', 'sk-', '127.0.0.1', port, '/srv', 'chat/', '/v1'])
      expect(text).not.toContain(secret);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
    expect(text).toContain('refused the request: Incorrect API key');
    await upstream.start();
  });
});

/** Messages and stacks of an error and its causes, without the names of our own files. */
function causes(error: unknown): string {
  return error instanceof Error ? `${error.message} ${causes(error.cause)}` : String(error);
}
