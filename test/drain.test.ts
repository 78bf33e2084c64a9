import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { ImageHost, sample } from './support/image-host.js';
import { ServerProcess } from './support/server-process.js';

interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, unknown>;
}

/** One request on a keep-alive connection. */
function post(agent: Agent, url: string, body: unknown): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (incoming) => {
        let text = '';
        incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, body: text, headers: incoming.headers });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}

describe('a stop', () => {
  let server: ServerProcess;
  let host: ImageHost;
  const agents: Agent[] = [];

  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await host.stop();
  });

  function keptConnection(): Agent {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    return agent;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s finishes accepted requests, refuses late ones, and exits with 0',
    async (signal) => {
      host = await ImageHost.start();
      let release: () => void = () => undefined;
      const arrived = new Promise<void>((resolve) => {
        host.route('/slow.jpg', (_request, response) => {
          release = () => response.writeHead(200, { 'content-type': 'image/jpeg' }).end(sample('cat.jpg'));
          resolve();
        });
      });
      server = await ServerProcess.start({ ALLOWED_IMAGE_HOSTS: host.address });
      const url = `${server.url}/api/v1/predict`;
      const late = keptConnection();
      await post(late, url, { image_url: host.url('/cat.jpg') });
      const accepted = post(keptConnection(), url, { image_url: host.url('/slow.jpg') });
      await arrived;

      server.signal(signal);
      await server.waitForLog(({ msg }) => msg === 'draining');
      const refused = await post(late, url, { image_url: host.url('/cat.jpg') });
      expect(refused.status).toBe(503);
      expect(JSON.parse(refused.body)).toMatchObject({ error: 'SHUTTING_DOWN' });
      expect(refused.headers['retry-after']).toBe('1');
      expect(refused.headers.connection).toBe('close');
      await expect(send(`${server.url}/health/ready`)).rejects.toThrow();

      release();
      const reply = await accepted;
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.body).predictions[0].label).toBe('tiger cat');
      expect(reply.headers.connection).toBe('close');
      expect(await server.exited).toEqual({ code: 0, signal: null });
    },
  );

  it('still serves during DRAIN_DELAY, but is not ready', async () => {
    host = await ImageHost.start();
    server = await ServerProcess.start({ ALLOWED_IMAGE_HOSTS: host.address, DRAIN_DELAY: '1' });
    server.signal('SIGTERM');
    await server.waitForLog(({ msg }) => msg === 'draining');
    const ready = await send(`${server.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(ready.body.error).toBe('SHUTTING_DOWN');
    const reply = await post(keptConnection(), `${server.url}/api/v1/predict`, {
      image_url: host.url('/cat.jpg'),
    });
    expect(reply.status).toBe(200);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('ends at DRAIN_TIMEOUT even if a request has not finished', async () => {
    host = await ImageHost.start();
    const arrived = new Promise<void>((resolve) => {
      host.route('/never.jpg', () => {
        resolve();
      });
    });
    server = await ServerProcess.start({ ALLOWED_IMAGE_HOSTS: host.address, DRAIN_TIMEOUT: '1' });
    const hanging = post(keptConnection(), `${server.url}/api/v1/predict`, {
      image_url: host.url('/never.jpg'),
    });
    hanging.catch(() => undefined);
    await arrived;
    server.signal('SIGTERM');
    expect((await server.exited).code).toBe(1);
    await expect(hanging).rejects.toThrow();
  });
});
