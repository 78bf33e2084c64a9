import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send } from './support/http.js';
import { exchange, head } from './support/raw-http.js';
import { ServerProcess } from './support/server-process.js';

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start({ API_KEYS: 'right-key', KEEP_ALIVE: '1' });
});

afterAll(async () => {
  await server.stop();
});

const HOST = 'Host: localhost';
const KEY = 'X-API-Key: right-key';
const CLOSE = 'Connection: close';
const CHUNKED = 'Transfer-Encoding: chunked';
const JSON_TYPE = 'Content-Type: application/json';
const LIVE = 'GET /health/live HTTP/1.1';
const EMBED = 'POST /api/v1/embed HTTP/1.1';

describe('a request that breaks the protocol gets one response in the envelope', () => {
  it.each<[string, number, string, readonly string[]]>([
    ['an unknown transfer coding', 400, '/health/live', [head(LIVE, HOST, 'Transfer-Encoding: gzip')]],
    [
      'an unknown transfer coding and a body',
      400,
      '/api/v1/embed',
      [head(EMBED, HOST, KEY, 'Transfer-Encoding: x') + 'body'],
    ],
    [
      'two codings',
      400,
      '/api/v1/embed',
      [head(EMBED, HOST, KEY, 'Transfer-Encoding: identity, chunked') + '0\r\n\r\n'],
    ],
    ['two lengths', 400, '', [head(EMBED, HOST, 'Content-Length: 1', 'Content-Length: 2') + 'ab']],
    ['a length and chunks', 400, '', [head(EMBED, HOST, 'Content-Length: 1', CHUNKED) + '0\r\n\r\n']],
    ['a broken chunk', 400, '/api/v1/embed', [head(EMBED, HOST, KEY, JSON_TYPE, CHUNKED) + 'zz\r\n']],
    ['no Host', 400, '/health/live', [head(LIVE)]],
    ['two Hosts', 400, '/health/live', [head(LIVE, HOST, HOST)]],
    ['two different Hosts', 400, '/health/live', [head(LIVE, HOST, 'host: other')]],
    ['an unknown expectation', 417, '/health/live', [head(LIVE, HOST, 'Expect: 200-ok')]],
    ['no HTTP', 400, '', ['hello\r\n\r\n']],
    ['an unknown method', 400, '', [head('BREW /health/live HTTP/1.1', HOST)]],
    ['headers beyond the limit', 431, '', [head(LIVE, HOST, `X-Long: ${'x'.repeat(20_000)}`)]],
    [
      'a wrong key and an unfinished body',
      401,
      '/api/v1/embed',
      [head(EMBED, HOST, 'Content-Length: 9') + 'x'],
    ],
    [
      'a wrong key and a broken rest of the body',
      401,
      '/api/v1/embed',
      [head(EMBED, HOST, CHUNKED) + '1\r\na\r\n', 'zz\r\n'],
    ],
    [
      'an unknown route and a broken rest of the body',
      404,
      '/nowhere',
      [head('POST /nowhere HTTP/1.1', HOST, CHUNKED) + '1\r\na\r\n', 'zz\r\n', 'zz\r\n'],
    ],
    ['a valid request with a broken rest of the body', 200, '', [head(LIVE, HOST, CHUNKED), 'zz\r\n']],
  ])('%s', async (_, status, path, parts) => {
    const responses = await exchange(server.url, ...parts);
    expect(responses.map((response) => response.status)).toEqual([status]);
    if (status === 200) return;
    const refused = responses[0];
    expect(refused?.body).toMatchObject({ path, requestId: refused?.headers['x-request-id'] });
    expect(refused?.body.error).toMatch(/^[A-Z_]+$/);
  });

  it('and earlier requests on the connection are answered first', async () => {
    const good = head(LIVE, HOST);
    const responses = await exchange(server.url, good + good + 'hello\r\n\r\n');
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 400]);
  });

  it('and the server still works afterwards', async () => {
    expect((await send(`${server.url}/health/ready`)).status).toBe(200);
  });
});

describe('an unusual but valid request', () => {
  it.each([
    ['no Host in HTTP/1.0', head('GET /health/live HTTP/1.0')],
    ['a last request on the connection', head(LIVE, HOST, CLOSE)],
    ['a known expectation, in any case', head(LIVE, HOST, CLOSE, 'Expect: 100-Continue')],
    ['chunks', head(LIVE, HOST, CLOSE, CHUNKED) + '1\r\na\r\n0\r\n\r\n'],
  ])('is answered: %s', async (_, request) => {
    const responses = await exchange(server.url, request);
    expect(responses.map(({ status }) => status).filter((status) => status !== 100)).toEqual([200]);
  });
});

describe('a method that a path does not have', () => {
  const headers = { 'x-api-key': 'right-key' };

  it('is 405 with the allowed methods, for every route', async () => {
    const { body } = await send(`${server.url}/openapi.json`);
    const paths = Object.entries(body.paths as Record<string, object>);
    expect(paths.length).toBeGreaterThan(15);
    for (const [path, operations] of paths) {
      const documented = Object.keys(operations).map((method) => method.toUpperCase());
      const allowed = [...documented, ...(documented.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort();
      const url = `${server.url}${path.replaceAll(/\{\w+\}/g, 'x')}`;
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        if (allowed.includes(method)) continue;
        const refused = await send(url, { method, headers });
        expect([method, path, refused.status, refused.headers.get('allow')]).toEqual([
          method,
          path,
          405,
          allowed.join(', '),
        ]);
      }
      const options = await send(url, { method: 'OPTIONS', headers });
      expect([path, options.status, options.headers.get('allow')]).toEqual([path, 204, allowed.join(', ')]);
    }
  });

  it("has the protocol's error shape", async () => {
    const { body } = await send(`${server.url}/api/v1/predict`, { headers });
    expect(body).toMatchObject({ error: 'METHOD_NOT_ALLOWED', path: '/api/v1/predict' });
    const openAi = await send(`${server.url}/v1/chat/completions`, { headers });
    expect(openAi.status).toBe(405);
    expect(openAi.body.error).toMatchObject({ type: 'invalid_request_error', code: 'method_not_allowed' });
  });

  it('is 404 if the path has no method at all', async () => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const { status, body } = await send(`${server.url}/nowhere?a=b`, { method });
      expect([status, body.message]).toEqual([404, `No route ${method} /nowhere. See /docs.`]);
    }
  });

  it('HEAD is GET without the body', async () => {
    const heads = [
      head('HEAD /health/ready HTTP/1.1', HOST),
      head('HEAD /api/v1/predict HTTP/1.1', HOST, CLOSE),
    ];
    const responses = await exchange(server.url, ...heads);
    expect(responses.map(({ status }) => status)).toEqual([200, 405]);
  });
});

describe('the API document', () => {
  it('lets Authorize send the key to routes that need it', async () => {
    const { body } = await send(`${server.url}/openapi.json`);
    expect(body.components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer' },
      'api-key': { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    });
    // Either is enough, for every route except those that declare that they need none.
    expect(body.security).toEqual([{ bearer: [] }, { 'api-key': [] }]);
    for (const [path, operations] of Object.entries(
      body.paths as Record<string, Record<string, { security?: object }>>,
    )) {
      for (const { security } of Object.values(operations))
        expect([path, security]).toEqual([path, path.startsWith('/health') ? [{}] : undefined]);
    }
  });
});
