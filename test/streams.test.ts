import { afterEach, describe, expect, it } from '@jest/globals';
import { postJson } from './support/http.js';
import { ServerProcess } from './support/server-process.js';
import { SseClient } from './support/sse-client.js';

describe('streams', () => {
  let server: ServerProcess;

  afterEach(() => server.stop());

  const begin = (count: number, body: object) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        SseClient.post(`${server.url}/api/v1/chat`, {
          message: `Write a long story about the number ${index}.`,
          temperature: 0,
          ...body,
        }),
      ),
    );

  it('in the queue are kept open by comments', async () => {
    server = await ServerProcess.start({ STREAM_PING_INTERVAL: '0.2', DRAIN_TIMEOUT: '1' });
    const running = await begin(8, { max_tokens: 1500 });
    const [waiting] = await begin(1, { max_tokens: 1 });
    await waiting?.comment();
    expect(waiting?.comments[0]).toBe('ping');
    expect(running.every(({ status }) => status === 200)).toBe(true);
  });

  it('all finish if the drain is long enough', async () => {
    server = await ServerProcess.start({ DRAIN_TIMEOUT: '40', STREAM_PING_INTERVAL: '0.2' });
    const streams = await begin(20, { max_tokens: 24 });
    server.signal('SIGTERM');
    const events = await Promise.all(streams.map((stream) => stream.rest()));
    for (const each of events) expect(JSON.parse(each.at(-1)?.data ?? '')).toMatchObject({ done: true });
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('get an error event instead of a broken connection if the drain is too short', async () => {
    server = await ServerProcess.start({ DRAIN_TIMEOUT: '3', STREAM_PING_INTERVAL: '0.2' });
    const streams = await begin(20, { max_tokens: 4096 });
    const whole = postJson(`${server.url}/api/v1/chat`, { message: 'Go on.', stream: false });
    // A later request has been accepted, so this one has been accepted, too.
    streams.push(...(await begin(1, { max_tokens: 4096 })));
    server.signal('SIGTERM');
    const events = await Promise.all(streams.map((stream) => stream.rest()));
    const ends = events.map((each) => JSON.parse(each.at(-1)?.data ?? '') as Record<string, unknown>);
    // A model may finish its text in that time.
    for (const end of ends) expect(end).toHaveProperty('done' in end ? 'usage' : 'error.code');
    const failures = ends.filter(({ error }) => error !== undefined);
    expect(failures.length).toBeGreaterThan(10);
    for (const { error } of failures) expect(error).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect((await whole).status).toBe(503);
    expect((await whole).body.error).toBe('SHUTTING_DOWN');
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('end with an error at GENERATION_TIMEOUT, or with 504 if they have not begun at FIRST_TOKEN_TIMEOUT', async () => {
    server = await ServerProcess.start({ GENERATION_TIMEOUT: '2', FIRST_TOKEN_TIMEOUT: '1' });
    const streams = await begin(8, { max_tokens: 4096 });
    const late = await postJson(`${server.url}/api/v1/chat`, { message: 'Me too.', stream: false });
    expect(late.status).toBe(504);
    expect(late.body.error).toBe('TIMEOUT');
    const [events] = await Promise.all(streams.map((stream) => stream.rest()));
    expect(JSON.parse(events?.at(-1)?.data ?? '')).toMatchObject({ error: { code: 'TIMEOUT' } });
  });
});
