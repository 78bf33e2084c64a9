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
    ['a Host with a path', 400, '/health/live', [head(LIVE, 'Host: localhost/x')]],
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

  it('documents the bodies, the success and the errors of every operation', async () => {
    const { body } = await send(`${server.url}/openapi.json`);
    const operations = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    // JSON Schema has no infinite bounds.
    const text = JSON.stringify(body);
    expect(text).not.toMatch(/"(minimum|maximum)":null/);
    const named = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(Object.keys(body.components.schemas as object)).toEqual(
      expect.arrayContaining([...new Set(named)]),
    );
    const gaps = await Promise.all(operations.map((each) => gapsOf(each.path, each.method, each.operation)));
    expect(gaps.flat()).toEqual([]);
  });
});

/** Content of a body or a response, by its type. */
type Content = Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;

interface Operation {
  readonly summary?: string;
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

/** Statuses whose responses have no body. */
const BODILESS = ['204', '304'];

/** Gaps in the document about an operation, and differences from the server. */
async function gapsOf(path: string, method: string, operation: Operation): Promise<readonly string[]> {
  const { summary = '', requestBody, responses } = operation;
  const gaps = summary === '' ? ['summary'] : [];
  const bodies = Object.entries(responses).filter(([status]) => !BODILESS.includes(status));
  if (!bodies.some(([status]) => status.startsWith('2'))) gaps.push('success');
  const isPublic = path.startsWith('/health');
  if (!isPublic && responses['401'] === undefined) gaps.push('401');
  const envelope = `#/components/schemas/${path.startsWith('/v1/') ? 'OpenAiErrorEnvelopeDto' : 'ErrorEnvelopeDto'}`;
  for (const [status, { content = {} }] of bodies) {
    const schemas = Object.values(content).map(({ schema }) => schema);
    if (schemas.length === 0 || schemas.includes(undefined)) gaps.push(`${status}: schema`);
    // An unhealthy server responds with the same body as a healthy one.
    if (Number(status) < 400 || path === '/health') continue;
    if (Object.keys(content).join() !== 'application/json' || schemas[0]?.$ref !== envelope)
      gaps.push(`${status}: envelope`);
  }
  const documented = Object.entries(requestBody?.content ?? {});
  if (documented.some(([, { schema }]) => schema === undefined)) gaps.push('body: schema');
  const [json, ...others] = documented.map(([, { schema }]) => JSON.stringify(schema));
  if (json !== undefined && others.includes(json)) gaps.push('body: the same schema for several types');
  const accepted = method === 'post' ? await acceptedTypes(path) : [];
  const types = documented.map(([type]) => type);
  if (types.join() !== accepted.join()) gaps.push(`body: ${types.join()}, not ${accepted.join()}`);
  return gaps.map((gap) => `${method} ${path}: ${gap}`);
}

/** The content types that a route names when it refuses another; none if it reads no body. */
async function acceptedTypes(path: string): Promise<readonly string[]> {
  const { status, text } = await send(`${server.url}${path.replaceAll(/\{\w+\}/g, 'x')}`, {
    method: 'POST',
    headers: { 'x-api-key': 'right-key', 'content-type': 'text/unknown' },
    body: 'x',
  });
  if (status !== 415) return [];
  const [, list = ''] = /Expected Content-Type (?:one of )?([^"]+), got/.exec(text) ?? [];
  return list.split(', ');
}
