import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { HttpSettings } from '@aerie/config';
import type { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import express, { type NextFunction, type Request, type Response } from 'express';
import { browserMiddleware } from './browser.middleware.js';

type Headers = Readonly<Record<string, string>>;

/** The answer of a server with these settings: 200, or the error's code. */
async function answers(
  settings: Partial<HttpSettings>,
  requests: readonly { readonly method?: string; readonly headers: Headers }[],
): Promise<(string | undefined)[]> {
  const app = express();
  app.set('trust proxy', settings.trustedProxies ?? 0);
  app.use(browserMiddleware({ host: '127.0.0.1', allowedHosts: [], corsOrigins: [], ...settings }));
  app.use((_request: Request, response: Response) => {
    response.sendStatus(200);
  });
  app.use((error: AerieError, _request: Request, response: Response, _next: NextFunction) => {
    response.status(error.status).send(error.message);
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const statuses = [];
  for (const { method = 'POST', headers } of requests) {
    const sent = send({ port, method, headers, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    response.resume();
    statuses.push(String(response.statusCode));
  }
  server.close();
  await once(server, 'close');
  return statuses;
}

async function answer(settings: Partial<HttpSettings>, headers: Headers, method?: string) {
  return (await answers(settings, [{ headers, ...(method === undefined ? {} : { method }) }]))[0];
}

describe('a server bound to loopback', () => {
  it.each([
    'localhost',
    'localhost:8000',
    'LocalHost:8000',
    'localhost.:8000',
    'aerie.localhost:8000',
    '127.0.0.1',
    '127.0.0.1:8000',
    '127.1.2.3:8000',
    '[::1]',
    '[::1]:8000',
    '[0:0:0:0:0:0:0:1]:8000',
    '[::ffff:127.0.0.1]:8000',
  ])('accepts the host %s', async (host) => {
    await expect(answer({}, { host })).resolves.toBe('200');
    await expect(answer({ host: '::1' }, { host }, 'GET')).resolves.toBe('200');
  });

  it.each([
    'rebind.example',
    'rebind.example:8000',
    'localhost.rebind.example',
    'notlocalhost',
    '127.0.0.1.rebind.example',
    '10.0.0.1:8000',
    '0.0.0.0:8000',
    '[::2]:8000',
    '[::1',
  ])('refuses the host "%s" for every method', async (host) => {
    const requests = ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'].map((method) => ({
      method,
      headers: { host },
    }));
    await expect(answers({}, requests)).resolves.toEqual(['403', '403', '403', '403', '403']);
    await expect(answers({ host: 'localhost' }, requests.slice(0, 1))).resolves.toEqual(['403']);
  });

  it('accepts the names in ALLOWED_HOSTS, with any port', async () => {
    const settings = { allowedHosts: ['models.example'] };
    await expect(answer(settings, { host: 'Models.Example:8000' })).resolves.toBe('200');
    await expect(answer(settings, { host: 'other.models.example' })).resolves.toBe('403');
  });

  it('accepts any host if it is bound to a network address instead', async () => {
    await expect(answer({ host: '0.0.0.0' }, { host: 'rebind.example' }, 'GET')).resolves.toBe('200');
    await expect(answer({ host: '::' }, { host: '10.1.2.3:8000' }, 'GET')).resolves.toBe('200');
  });
});

const HOST = { host: 'models.example:8000' };
const OPEN = { host: '0.0.0.0' };

describe('a request that changes state', () => {
  it.each<[string, Headers]>([
    ['a program, which sends no origin', {}],
    ["the server's own page", { origin: 'http://models.example:8000', 'sec-fetch-site': 'same-origin' }],
    ["the server's own page behind a proxy with TLS", { origin: 'https://models.example:8000' }],
    [
      "the server's own page behind a proxy that renames the host",
      { origin: 'https://app.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ])('is accepted from %s', async (_, headers) => {
    await expect(answer(OPEN, { ...HOST, ...headers })).resolves.toBe('200');
  });

  it.each<[string, Headers]>([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another site that sends no origin', { 'sec-fetch-site': 'cross-site' }],
    ['another site in an old browser', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://models.example:3000', 'sec-fetch-site': 'same-site' }],
    ['a sandbox or file', { origin: 'null' }],
    [
      'a page that claims our origin',
      { origin: 'http://models.example:8000', 'sec-fetch-site': 'cross-site' },
    ],
    ['nonsense', { origin: 'http://' }],
    ['another site that invents a proxy', { origin: 'https://a.example', 'x-forwarded-host': 'a.example' }],
  ])('is refused from %s', async (_, headers) => {
    const methods = ['POST', 'PUT', 'PATCH', 'DELETE'];
    const requests = methods.map((method) => ({ method, headers: { ...HOST, ...headers } }));
    await expect(answers(OPEN, requests)).resolves.toEqual(['403', '403', '403', '403']);
    await expect(answer(OPEN, { ...HOST, ...headers }, 'GET')).resolves.toBe('200');
  });

  it('is accepted from the origins in CORS_ORIGINS, or from all', async () => {
    const foreign = { ...HOST, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    await expect(answer({ ...OPEN, corsOrigins: ['https://app.example'] }, foreign)).resolves.toBe('200');
    await expect(answer({ ...OPEN, corsOrigins: ['https://b.example'] }, foreign)).resolves.toBe('403');
    await expect(answer({ ...OPEN, corsOrigins: ['*'] }, foreign)).resolves.toBe('200');
    await expect(answer({ ...OPEN, corsOrigins: ['*'] }, { ...HOST, origin: 'null' })).resolves.toBe('200');
  });

  it('is accepted from the host that a trusted proxy names', async () => {
    const headers = { ...HOST, origin: 'https://app.example', 'x-forwarded-host': 'app.example' };
    await expect(answer({ ...OPEN, trustedProxies: 1 }, headers)).resolves.toBe('200');
  });

  it('is accepted from our origin with or without the default port of the scheme', async () => {
    await expect(
      answer(OPEN, { host: 'models.example:443', origin: 'https://models.example' }),
    ).resolves.toBe('200');
    await expect(answer(OPEN, { host: 'models.example:80', origin: 'https://models.example' })).resolves.toBe(
      '403',
    );
  });
});
