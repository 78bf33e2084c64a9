import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

const MODELS = 'aerie_http_request_duration_seconds_count{method="GET",route="/api/v1/models",status="200"}';

describe('a scrape of a server with several processes', () => {
  let server: ServerProcess;

  afterEach(() => server.stop());

  /** On a new connection, because the processes take turns. */
  const get = (path: string) => send(`${server.url}${path}`, { headers: { connection: 'close' } });
  const processes = (): number[] => [
    ...new Set(server.log.filter(({ msg }) => msg === 'listening').map(({ pid }) => pid)),
  ];
  const count = async (): Promise<number> => {
    const { status, text } = await get('/metrics');
    expect(status).toBe(200);
    const line = text.split('\n').find((candidate) => candidate.startsWith(MODELS)) ?? `${MODELS} 0`;
    return Number(line.slice(MODELS.length));
  };

  it('covers all of them, and works after one has died', async () => {
    server = await ServerProcess.start({ WORKERS: '2' });
    await server.waitForLog(({ msg }) => msg === 'listening' && processes().length === 2);
    for (let i = 0; i < 8; i++) await get('/api/v1/models');
    const answers = () =>
      server.log.filter(({ msg, path }) => msg === 'request' && path === '/api/v1/models');
    // Buffered lines are written a moment later.
    await server.waitForLog(() => answers().length === 8);
    const answered = answers();
    const pids = new Set(answered.map(({ pid }) => pid));
    expect(pids.size).toBe(2);
    expect([await count(), await count(), await count()]).toEqual([8, 8, 8]);

    const [doomed = 0] = pids;
    process.kill(doomed, 'SIGKILL');
    await server.waitForLog(({ msg, pid }) => msg === 'listening' && !pids.has(pid));
    const left = answered.filter(({ pid }) => pid !== doomed).length;
    expect([await count(), await count()]).toEqual([left, left]);
  });
});
