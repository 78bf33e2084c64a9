import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postJson, type Reply, send } from './support/http.js';
import { ROOT, ServerProcess } from './support/server-process.js';
import { beginAnswer, endAnswer, Upstream, type UpstreamRequest } from './support/upstream.js';

const LOCAL = 'smollm2-135m-instruct';
const KEY = 'sk-very-secret-0123456789';
const MANIFEST_KEY = 'sk-of-a-manifest-9876543210';

/** An upstream's error that reveals its address and the key. */
function refuse(status: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse, { authorization }: UpstreamRequest): void => {
    const { localPort } = response.socket ?? {};
    const message = `no, ${String(authorization)}, not at 127.0.0.1:${String(localPort)}`;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message } }));
  };
}

const behaviors = {
  'gpt-4': (response: ServerResponse) => {
    beginAnswer(response, 'Hello', ' there');
    endAnswer(response);
  },
  busy: refuse(429, { 'retry-after': '7' }),
  broken: refuse(500),
  refused: refuse(401),
  stalled: (response: ServerResponse) => {
    beginAnswer(response);
    response.flushHeaders();
  },
  reset: (response: ServerResponse) => response.destroy(),
  truncated: (response: ServerResponse) => {
    beginAnswer(response, 'Hel');
    setImmediate(() => response.destroy());
  },
  silent: (response: ServerResponse) => {
    beginAnswer(response, 'Hel');
  },
  endless: (response: ServerResponse) => {
    beginAnswer(response, 'and on');
  },
} satisfies ConstructorParameters<typeof Upstream>[0];

describe('models on upstreams', () => {
  let upstream: Upstream;
  let server: ServerProcess;
  let repository: string;
  const replies: Reply[] = [];

  beforeAll(async () => {
    upstream = await new Upstream(behaviors).start();
    repository = mkdtempSync(join(tmpdir(), 'aerie-upstreams-'));
    cpSync(join(ROOT, 'models', LOCAL), join(repository, LOCAL), { recursive: true, dereference: true });
    const write = (name: string, model: string, fallbacks: readonly string[], more: object = {}): void => {
      const provider = {
        base_url: upstream.baseUrl,
        model,
        api_key_env: 'UPSTREAM_TEST_KEY',
        retries: 0,
        first_token_timeout: 0.3,
        circuit: { failures: 1000, failure_rate: 1, window: 1000 },
        ...more,
      };
      mkdirSync(join(repository, name));
      writeFileSync(
        join(repository, name, 'model.json'),
        JSON.stringify({ task: 'text-generation', provider, fallbacks }),
      );
    };
    for (const model of Object.keys(behaviors).filter((name) => name !== 'gpt-4')) {
      const idle = { idle_timeout: model === 'silent' ? 0.3 : 600 };
      write(`${model}-alone`, model, [], idle);
      write(`${model}-helped`, model, [LOCAL], idle);
    }
    write('resting', 'broken', [], { circuit: { failures: 1, open: 600 } });
    server = await ServerProcess.start({
      MODEL_PATH: repository,
      OPENAI_BASE_URL: upstream.baseUrl,
      OPENAI_API_KEY: KEY,
      UPSTREAM_TEST_KEY: MANIFEST_KEY,
      RATE_LIMIT_CHAT: 'off',
      LOG_LEVEL: 'debug',
    });
  });

  afterAll(async () => {
    await upstream.close();
    rmSync(repository, { recursive: true, force: true });
  });

  const keep = (reply: Reply): Reply => {
    replies.push(reply);
    return reply;
  };
  const chat = async (model: string, more: object = {}): Promise<Reply> =>
    keep(await postJson(`${server.url}/api/v1/chat`, { message: 'Hi', model, max_tokens: 4, ...more }));
  const openAi = async (model: string, more: object = {}): Promise<Reply> => {
    const messages = [{ role: 'user', content: 'Hi' }];
    const body = { model, messages, max_tokens: 4, stream: true, ...more };
    return keep(await postJson(`${server.url}/v1/chat/completions`, body));
  };
  const both = (model: string, more: object = {}): Promise<readonly [Reply, Reply]> =>
    Promise.all([chat(model, more), openAi(model, more)]);

  it('stream their answers on both routes, and are called with the key', async () => {
    const [ours, theirs] = await both('gpt-4');
    expect(ours.status).toBe(200);
    expect(ours.headers.get('x-model-name')).toBe('gpt-4');
    const events = dataOf(ours);
    expect(events.slice(0, 2)).toEqual([{ content: 'Hello' }, { content: ' there' }]);
    expect(events[2]).toMatchObject({
      done: true,
      finish_reason: 'stop',
      usage: { prompt_tokens: 7, completion_tokens: 2 },
    });
    expect(theirs.headers.get('x-model-name')).toBe('gpt-4');
    expect(theirs.text).toContain('"content":" there"');
    expect(theirs.text.trimEnd()).toMatch(/data: \[DONE\]$/);
    const { authorization, url } = await upstream.requestFor('gpt-4');
    expect([authorization, url]).toEqual([`Bearer ${KEY}`, '/v1/chat/completions']);
  });

  it('are listed, and do not change the default', async () => {
    const { body } = keep(await send(`${server.url}/v1/models`));
    const ids = (body as { data: readonly { id: string }[] }).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([LOCAL, 'gpt-4', 'busy-alone']));
    const message = { message: 'Hi', max_tokens: 2 };
    const unnamed = await postJson(`${server.url}/api/v1/chat`, message);
    expect(unnamed.headers.get('x-model-name')).toBe(LOCAL);
  });

  it("pass on the upstream's Retry-After", async () => {
    const [ours, theirs] = await both('busy-alone');
    for (const reply of [ours, theirs]) {
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7']);
    }
    expect(ours.body.error).toBe('RATE_LIMITED');
    expect(theirs.body.error).toMatchObject({ type: expect.any(String), code: expect.any(String) });
  });

  it.each([['busy'], ['broken'], ['refused'], ['stalled'], ['reset']])(
    'are replaced by a fallback when the upstream is %s, and the headers say so',
    async (behavior) => {
      const [ours, theirs] = await both(`${behavior}-helped`);
      for (const reply of [ours, theirs]) {
        expect([reply.status, reply.headers.get('x-model-name')]).toEqual([200, LOCAL]);
        expect(reply.headers.get('x-model-version')).toBe('1');
      }
      expect(dataOf(ours).at(-1)).toMatchObject({ done: true });
      expect(theirs.text.trimEnd()).toMatch(/data: \[DONE\]$/);
    },
  );

  it('name the model that served in a JSON reply', async () => {
    const [ours, theirs] = await both('broken-helped', { stream: false });
    expect(ours.body).toMatchObject({ model: LOCAL, model_version: '1', usage: { completion_tokens: 4 } });
    expect(theirs.headers.get('x-model-name')).toBe(LOCAL);
    expect(theirs.body).toMatchObject({ system_fingerprint: `${LOCAL}@1` });
  });

  it.each([
    ['broken', 502, 'UPSTREAM_ERROR'],
    ['refused', 502, 'UPSTREAM_ERROR'],
    ['reset', 502, 'UPSTREAM_ERROR'],
    ['stalled', 504, 'TIMEOUT'],
  ])(
    'get an ordinary error response when the upstream is %s before its answer began',
    async (behavior, status, code) => {
      const [ours, theirs] = await both(`${behavior}-alone`);
      expect([ours.status, ours.body.error]).toEqual([status, code]);
      expect([theirs.status, typeof theirs.body.error.message]).toEqual([status, 'string']);
    },
  );

  it.each([
    ['truncated', 'UPSTREAM_ERROR'],
    ['silent', 'TIMEOUT'],
  ])(
    'get an error event, never a clean end, when the upstream is %s in the middle',
    async (behavior, code) => {
      // A fallback would repeat text that was already sent, so it is only for answers that have not begun.
      for (const model of [`${behavior}-alone`, `${behavior}-helped`]) {
        const [ours, theirs] = await both(model);
        expect(dataOf(ours)).toEqual([{ content: 'Hel' }, { error: { code, message: expect.any(String) } }]);
        expect(theirs.text).toContain('"error"');
        expect(theirs.text).not.toContain('[DONE]');
      }
    },
  );

  it('are disconnected when the caller disconnects', async () => {
    const left = new AbortController();
    const response = await fetch(`${server.url}/api/v1/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'Hi', model: 'endless-helped' }),
      signal: left.signal,
    });
    await response.body?.getReader().read();
    const request = await upstream.requestFor('endless');
    left.abort();
    await request.closed;
  }, 5_000);

  it("degrade the server's health while a circuit is open", async () => {
    expect((await send(`${server.url}/health`)).body.details.models['resting@1']).toMatchObject({
      circuit: 'closed',
    });
    await chat('resting');
    const { status, body } = keep(await send(`${server.url}/health`));
    expect(status).toBe(200);
    expect(body.details.models).toMatchObject({ status: 'degraded', 'resting@1': { circuit: 'open' } });
    const refused = await chat('resting');
    expect(refused.status).toBeGreaterThanOrEqual(500);
  });

  it('reveal their keys and addresses in no reply and no log line', async () => {
    keep(await send(`${server.url}/api/v1/models`));
    keep(await send(`${server.url}/metrics`));
    const told = replies.map(({ text, headers }) => text + JSON.stringify([...headers])).join('\n');
    const logged = server.text + server.log.map((line) => JSON.stringify(line)).join('\n');
    expect(upstream.requests.length).toBeGreaterThan(20);
    expect(logged).toContain('a request to an upstream failed');
    for (const secret of [KEY, MANIFEST_KEY, upstream.address]) {
      expect(told).not.toContain(secret);
      expect(logged).not.toContain(secret);
    }
  });
});

/** The data of the events of a stream, as JSON. */
function dataOf({ text }: Reply): readonly unknown[] {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => JSON.parse(event.slice('data: '.length)) as unknown);
}
