import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { sample } from './support/image-host.js';
import { exchange, head } from './support/raw-http.js';
import { ServerProcess } from './support/server-process.js';

let server: ServerProcess | undefined;

afterEach(async () => {
  await server?.stop();
});

/** Statuses of requests, each on a separate connection. */
async function statuses(...requests: readonly string[]): Promise<(number | undefined)[]> {
  const { url } = server ?? { url: '' };
  return Promise.all(requests.map(async (request) => (await exchange(url, request))[0]?.status));
}

function get(path: string, host: string): string {
  return head(`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close');
}

/** A form with an image, which a page can send without a preflight request. */
function form(...headers: readonly string[]): string {
  const boundary = 'aerie';
  const body =
    `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="cat.jpg"\r\n` +
    `Content-Type: image/jpeg\r\n\r\n${sample('cat.jpg').toString('latin1')}\r\n--${boundary}--\r\n`;
  return (
    head(
      'POST /api/v1/predict HTTP/1.1',
      ...headers,
      `Content-Type: multipart/form-data; boundary=${boundary}`,
      `Content-Length: ${String(body.length)}`,
      'Connection: close',
    ) + body
  );
}

describe('a server on loopback', () => {
  it('serves people and programs on the machine, but no page of another site', async () => {
    server = await ServerProcess.start({ ALLOWED_HOSTS: 'models.test', CORS_ORIGINS: 'https://app.example' });
    const port = new URL(server.url).port;
    const own = `localhost:${port}`;
    const { body } = await send(`${server.url}/openapi.json`);
    expect([body.security, body.components.securitySchemes]).toEqual([undefined, undefined]);

    const evil = 'Origin: https://evil.example';

    // A page whose own name points at 127.0.0.1 tries to read jobs, models, metrics and pages.
    for (const path of ['/api/v1/jobs', '/api/v1/models', '/metrics', '/', '/openapi.json', '/health', '/no'])
      await expect(statuses(get(path, `rebind.example:${port}`))).resolves.toEqual([403]);
    await expect(
      statuses(get('/api/v1/jobs', own), get('/', `[::1]:${port}`), get('/health', 'models.test')),
    ).resolves.toEqual([200, 200, 200]);

    await expect(
      statuses(
        form(`Host: ${own}`, evil, 'Sec-Fetch-Site: cross-site'),
        form(`Host: ${own}`, evil),
        form(`Host: ${own}`, 'Origin: null'),
        form(`Host: rebind.example:${port}`, `Origin: http://rebind.example:${port}`),
        // curl, the status page, and a page that the operator allowed
        form(`Host: ${own}`),
        form(`Host: ${own}`, `Origin: http://${own}`, 'Sec-Fetch-Site: same-origin'),
        form(`Host: ${own}`, 'Origin: https://app.example', 'Sec-Fetch-Site: cross-site'),
      ),
    ).resolves.toEqual([403, 403, 403, 403, 200, 200, 200]);
  });
});

describe('a caller behind a proxy', () => {
  it('counts as one caller, whatever X-Forwarded-For contains', async () => {
    server = await ServerProcess.start({
      TRUST_PROXY: '1',
      RATE_LIMIT_PREDICT: '2/minute',
      QUEUE_PAGE_PASSWORD: 'a-password',
    });
    const ask = async (requests: readonly string[]) => {
      const seen = [];
      for (const request of requests) seen.push(...(await statuses(request)));
      return seen;
    };
    const predict = (forwardedFor: string) =>
      head(
        'POST /api/v1/predict HTTP/1.1',
        'Host: localhost',
        `X-Forwarded-For: ${forwardedFor}`,
        'Content-Length: 0',
        'Connection: close',
      );
    const refused = [415, 415, 429, 429];
    const ports = [1, 2, 3, 4].map((port) => predict(`5.6.7.8:${String(port)}`));
    await expect(ask(ports)).resolves.toEqual(refused);
    const v6 = [1, 2, 3, 4].map((port) => predict(`[2001:db8::1]:${String(port)}`));
    await expect(ask(v6)).resolves.toEqual(refused);
    const words = [1, 2, 3, 4].map((word) => predict(`word${String(word)}`));
    await expect(ask(words)).resolves.toEqual(refused);
    await expect(ask([predict('5.6.7.9:1')])).resolves.toEqual([415]);

    const credential = Buffer.from('admin:wrong').toString('base64');
    const tries = Array.from({ length: 12 }, (_, port) =>
      head(
        'GET /queues HTTP/1.1',
        'Host: localhost',
        `Authorization: Basic ${credential}`,
        `X-Forwarded-For: 5.6.7.8:${String(port)}`,
        'Connection: close',
      ),
    );
    const answers = await ask(tries);
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(answers.slice(10)).toEqual([429, 429]);
  });
});
