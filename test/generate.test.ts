import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postJson, send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';
import { SseClient } from './support/sse-client.js';

const FRANCE = { prompt: 'The capital of France is', temperature: 0, max_tokens: 4 };

describe('generate', () => {
  let server: ServerProcess;
  let url: string;

  beforeAll(async () => {
    server = await ServerProcess.start({ RATE_LIMIT_CHAT: '25/minute' });
    url = `${server.url}/api/v1/generate`;
  });

  afterAll(() => server.stop());

  it('knows that the capital of France is Paris', async () => {
    const reply = await postJson(url, FRANCE);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      finish_reason: 'length',
      model: 'smollm2-135m-instruct',
      model_version: '1',
      usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 },
    });
    expect(reply.body.text).toContain('Paris');
    expect(reply.body.inference_time_ms).toBeGreaterThan(0);
    expect(reply.headers.get('ratelimit-limit')).toBe('25');
  });

  it('trims the prompt', async () => {
    const reply = await postJson(url, { ...FRANCE, prompt: '  The capital of France is \n' });
    expect(reply.body.usage.prompt_tokens).toBe(5);
  });

  it('stops at a stop string and does not show any of it', async () => {
    const reply = await postJson(url, { ...FRANCE, max_tokens: 32, stop_sequences: ['aris'] });
    expect(reply.body).toMatchObject({ text: ' P', finish_reason: 'stop' });
  });

  it('streams the events of chat for stream: true', async () => {
    const stream = await SseClient.post(url, { ...FRANCE, stream: true });
    const events = (await stream.rest()).map(({ data }) => JSON.parse(data) as Record<string, unknown>);
    const text = events.map(({ content }) => (typeof content === 'string' ? content : '')).join('');
    expect(text).toContain('Paris');
    expect(events.at(-1)).toMatchObject({ done: true, finish_reason: 'length' });
  });

  it.each([
    [{ ...FRANCE, prompt: ' \n ' }, 'prompt'],
    [{ ...FRANCE, prompt: 'x'.repeat(4097) }, 'prompt'],
    [{ temperature: 0 }, 'prompt'],
    [{ ...FRANCE, max_tokens: 4097 }, 'max_tokens'],
    [{ ...FRANCE, max_tokens: 1.5 }, 'max_tokens'],
    [{ ...FRANCE, temperature: -0.1 }, 'temperature'],
    [{ ...FRANCE, stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, 'stop_sequences'],
    [{ ...FRANCE, stop_sequences: [''] }, 'stop_sequences'],
    [{ ...FRANCE, stream: 'yes' }, 'stream'],
    [{ ...FRANCE, echo: true }, 'echo'],
  ])('refuses %j, naming %s', async (body, field) => {
    const reply = await postJson(url, body);
    expect(reply.status).toBe(422);
    expect(reply.body.details.map((detail: { field: string }) => detail.field)).toEqual([field]);
  });

  it('is limited by RATE_LIMIT_CHAT, together with chat', async () => {
    let refused = await postJson(`${server.url}/chat`, {});
    for (let i = 0; i < 25 && refused.status !== 429; i++) refused = await postJson(`${server.url}/chat`, {});
    expect(refused.status).toBe(429);
    expect((await postJson(url, FRANCE)).body.error).toBe('RATE_LIMITED');
    const openai = await postJson(`${server.url}/v1/completions`, {});
    expect(openai.status).toBe(429);
    expect(openai.body.error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  });
});

describe('CHAT_MODEL', () => {
  it('stops the start if the model does not exist', async () => {
    const { code, output } = await ServerProcess.runToExit({ CHAT_MODEL: 'gpt-4' });
    expect(code).toBe(78);
    expect(output).toMatch(/CHAT_MODEL: expected .*smollm2-135m-instruct.*gpt-4/);
  });
});

describe('a language model that fails', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start({ FAULT_INJECTION: 'true' });
  });

  afterAll(() => server.stop());

  it('ends running streams with an error event, restarts, and answers again', async () => {
    const body = { prompt: 'Once upon a time', max_tokens: 1000, stream: true };
    const stream = await SseClient.post(`${server.url}/api/v1/generate`, body);
    await stream.next();
    const fault = { model: 'smollm2-135m-instruct', version: '1', kind: 'die' };
    expect((await postJson(`${server.url}/api/v1/faults`, fault)).status).toBe(200);
    const events = await stream.rest();
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({ error: { code: 'WORKER_LOST' } });
    const health = await send(`${server.url}/health`);
    expect(health.body.status).toBe('degraded');
    const next = await postJson(`${server.url}/api/v1/generate`, FRANCE);
    expect(next.body.text).toContain('Paris');
    expect((await send(`${server.url}/health`)).body.status).toBe('healthy');
  });
});
