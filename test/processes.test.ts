import { afterEach, describe, expect, it } from '@jest/globals';
import { postJson, send } from './support/http.js';
import { type LogLine, ServerProcess } from './support/server-process.js';
import { SseClient } from './support/sse-client.js';

let server: ServerProcess | undefined;

afterEach(async () => {
  server?.signal('SIGTERM');
  await server?.exited;
  server = undefined;
});

const isListening = ({ msg }: LogLine): boolean => msg === 'listening';

describe('a process that was stopped by SIGSTOP', () => {
  it.each(['1', '2'])(
    'is replaced, with WORKERS=%s',
    async (workers) => {
      server = await ServerProcess.start({ WORKERS: workers });
      const { pid } = await server.waitForLog(isListening);
      const before = server.log.filter(isListening).length;
      const { log } = server;
      process.kill(pid, 'SIGSTOP');
      const line = await server.waitForLog(
        ({ msg }) => msg === 'an HTTP process does not respond and is killed',
      );
      expect(line).toMatchObject({ level: 'error', silent_ms: expect.any(Number) });
      await server.waitForLog((entry) => isListening(entry) && log.filter(isListening).length > before);
      expect((await send(`${server.url}/health/live`)).status).toBe(200);
    },
    60_000,
  );
});

describe('the health of a server of two processes', () => {
  it('counts them, and those that were replaced', async () => {
    server = await ServerProcess.start({ WORKERS: '2' });
    const { url, log } = server;
    /** On a connection of its own: the processes take turns. */
    const read = () => send(`${url}/health`, { headers: { connection: 'close' } });
    const counts = async () => {
      const answers = [await read(), await read()];
      return answers.map(({ status, body }) => [status, body.status, body.details.http_processes]);
    };
    const told = (restarts: number) => [200, 'healthy', { status: 'up', up: 2, wanted: 2, restarts }];
    await server.waitForLog(() => log.filter(({ msg }) => msg === 'ready').length === 2);
    expect(await counts()).toEqual([told(0), told(0)]);

    const { pid } = await server.waitForLog(isListening);
    process.kill(pid, 'SIGKILL');
    await server.waitForLog(({ msg }) => msg === 'an HTTP process died');
    const [, status, processes] = (await counts())[0] ?? [];
    expect([status, processes]).toEqual(['degraded', expect.objectContaining({ up: 1, wanted: 2 })]);
    await server.waitForLog(() => log.filter(({ msg }) => msg === 'ready').length === 3);
    // The supervisor tells a moment after the process has logged that it listens.
    let last = await counts();
    while (last.some(([, each]) => each !== 'healthy')) last = await counts();
    expect(last).toEqual([told(1), told(1)]);
  }, 60_000);
});

describe.each(['SIGHUP', 'SIGINT', 'SIGQUIT'] as const)('%s', (signal) => {
  it('lets a stream finish, like SIGTERM', async () => {
    server = await ServerProcess.start();
    const stream = await SseClient.post(`${server.url}/api/v1/chat`, {
      message: 'Tell me a story.',
      max_tokens: 24,
      stream: true,
    });
    const first = await stream.next();
    expect(first?.data).toContain('content');
    server.signal(signal);
    let last = first;
    for (let message = first; message !== null; message = await stream.next()) last = message;
    expect(last?.data).toContain('"done":true');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(server.log).toContainEqual(expect.objectContaining({ msg: 'stopping', signal }));
  }, 60_000);
});

it('SIGUSR1 opens no debugger, and SIGUSR2 does not end the process', async () => {
  server = await ServerProcess.start();
  const { pid } = await server.waitForLog(isListening);
  for (const target of [pid, server.pid]) {
    process.kill(target, 'SIGUSR1');
    await server.waitForLog((line) => line.pid === target && line.signal === 'SIGUSR1');
    process.kill(target, 'SIGUSR2');
    await server.waitForLog((line) => line.pid === target && line.signal === 'SIGUSR2');
  }
  expect((await postJson(`${server.url}/api/v1/embed`, { text: 'still here' })).status).toBe(200);
  expect(server.text).not.toContain('Debugger listening');
});
