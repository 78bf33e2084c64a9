import { beforeAll, describe, expect, it } from '@jest/globals';
import { dataUrl, postJson, send, upload } from './support/http.js';
import { ImageHost, sample } from './support/image-host.js';
import { hugePng } from './support/huge-png.js';
import { ServerProcess } from './support/server-process.js';

describe('requests that predict refuses', () => {
  let server: ServerProcess;
  let host: ImageHost;
  let url: string;

  beforeAll(async () => {
    host = await ImageHost.start();
    host.serve('/text', Buffer.from('this is not an image'), 'text/plain');
    host.route('/error', (_request, response) => response.writeHead(500).end());
    host.route('/to-metadata', (_request, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    );
    host.route('/round', (_request, response) => response.writeHead(302, { location: '/round' }).end());
    host.route('/large', (_request, response) => {
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': 300_000 });
      response.end(Buffer.alloc(300_000));
    });
    server = await ServerProcess.start({
      ALLOWED_IMAGE_HOSTS: host.address,
      MAX_IMAGE_BYTES: '200kB',
      MAX_PREDICT_JSON_BYTES: '400kB',
    });
    url = `${server.url}/api/v1/predict`;
  });

  const REFUSED = 'image_url';

  it.each([
    ['a body without image_url', {}, REFUSED],
    ['an empty image_url', { image_url: '' }, REFUSED],
    ['a blank image_url', { image_url: '   ' }, REFUSED],
    ['an image_url that is not a string', { image_url: 5 }, REFUSED],
    ['an image_url that is not a URL', { image_url: 'cat.jpg' }, REFUSED],
    ['a top_k of 0', { image_url: 'https://example.com/a.jpg', top_k: 0 }, 'top_k'],
    ['a top_k of 101', { image_url: 'https://example.com/a.jpg', top_k: 101 }, 'top_k'],
    ['a top_k that is not an integer', { image_url: 'https://example.com/a.jpg', top_k: 1.5 }, 'top_k'],
    ['an unknown field', { image_url: 'https://example.com/a.jpg', topk: 3 }, 'topk'],
  ])('answers %s with 422 and names the field', async (_name, body, field) => {
    const reply = await postJson(url, body);
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ error: 'VALIDATION_ERROR', path: '/api/v1/predict' });
    expect(reply.body.details[0].field).toBe(field);
    expect(reply.body.requestId).toBe(reply.headers.get('x-request-id'));
  });

  it('answers an unknown query parameter with 422', async () => {
    const reply = await upload(`${url}?modelversion=2`, sample('cat.jpg'));
    expect(reply.status).toBe(422);
    expect(reply.body.details[0].field).toBe('modelversion');
  });

  it('answers an upload without a file, or with one in another field, with 422', async () => {
    const form = new FormData();
    form.set('top_k', '3');
    expect((await send(url, { method: 'POST', body: form })).body.details[0].field).toBe('image');
    expect((await upload(url, sample('cat.jpg'), {}, 'photo')).body.details[0].field).toBe('photo');
  });

  it.each(['image', 'photo'])('answers a second file, in the field %s, with 422', async (field) => {
    const form = new FormData();
    form.set('image', new Blob([sample('cat.jpg')]), 'first.jpg');
    form.append(field, new Blob(['x']), 'second.jpg');
    const reply = await send(url, { method: 'POST', body: form });
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ error: 'VALIDATION_ERROR', details: [{ field }] });
  });

  const PRIVATE = [
    'http://127.0.0.1:1/a.jpg',
    'http://localhost/a.jpg',
    'http://2130706433/a.jpg',
    'http://0x7f.1/a.jpg',
    'http://[::1]/a.jpg',
    'http://[::ffff:127.0.0.1]/a.jpg',
    'http://[64:ff9b::7f00:1]/a.jpg',
    'http://10.0.0.1/a.jpg',
    'http://192.168.1.1/a.jpg',
    'http://100.64.0.1/a.jpg',
    'http://169.254.169.254/latest/meta-data',
    'http://no-such-host.invalid/a.jpg',
  ];

  it('answers every refused address with the same 400', async () => {
    const replies = await Promise.all(PRIVATE.map((address) => postJson(url, { image_url: address })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([400]));
    expect(new Set(replies.map(({ body }) => body.error as string))).toEqual(new Set(['INVALID_INPUT']));
    expect(new Set(replies.map(({ body }) => body.message as string)).size).toBe(1);
  });

  it('gives the same answer if a redirect leads to a refused address', async () => {
    const direct = await postJson(url, { image_url: PRIVATE[0] });
    const redirected = await postJson(url, { image_url: host.url('/to-metadata') });
    expect(redirected.status).toBe(400);
    expect(redirected.body.message).toBe(direct.body.message);
  });

  it.each([
    ['/text', /JPEG, PNG or WebP/],
    ['/missing', /404/],
    ['/error', /500/],
    ['/round', /redirect/i],
    ['/large', /200000/],
  ])('says what is wrong with %s', async (path, message) => {
    const reply = await postJson(url, { image_url: host.url(path) });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toBe('INVALID_INPUT');
    expect(reply.body.message).toMatch(message);
  });

  it.each([
    ['text', Buffer.from('not an image')],
    ['nothing', Buffer.alloc(0)],
    ['a truncated JPEG', sample('cat.jpg').subarray(0, 2000)],
    ['a GIF', Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  ])('answers an upload of %s with 400', async (_name, bytes) => {
    const reply = await upload(url, bytes);
    expect(reply.status).toBe(400);
    expect(reply.body.error).toBe('INVALID_INPUT');
  });

  it('refuses a small file that declares more pixels than the limit, and names the limit', async () => {
    const reply = await upload(url, hugePng(20_000, 20_000));
    expect(reply.status).toBe(400);
    expect(reply.body.message).toMatch(/20000 x 20000.*50000000/);
  });

  it('answers an upload over the limit with 413', async () => {
    const reply = await upload(url, Buffer.alloc(250_000));
    expect(reply.status).toBe(413);
    expect(reply.body).toMatchObject({ error: 'PAYLOAD_TOO_LARGE' });
    expect(reply.body.message).toMatch(/200000/);
  });

  it('answers a JSON body over the limit with 413', async () => {
    const reply = await postJson(url, { image_url: `data:image/jpeg;base64,${'A'.repeat(400_000)}` });
    expect(reply.status).toBe(413);
    expect(reply.body.message).toMatch(/400000/);
  });

  it('answers a data: URL that exceeds the image limit or is damaged with 400', async () => {
    const large = await postJson(url, { image_url: `data:image/jpeg;base64,${'A'.repeat(300_000)}` });
    expect(large.status).toBe(400);
    const damaged = await postJson(url, { image_url: 'data:image/jpeg;base64,%%%' });
    expect(damaged.status).toBe(400);
  });

  it.each([
    ['text/plain', 'hello'],
    ['application/x-www-form-urlencoded', 'image_url=a'],
  ])('answers Content-Type %s with 415', async (type, body) => {
    const reply = await send(url, { method: 'POST', headers: { 'content-type': type }, body });
    expect(reply.status).toBe(415);
    expect(reply.body.error).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it('answers a compressed body with 415', async () => {
    const reply = await postJson(url, 'x', { 'content-encoding': 'br' });
    expect(reply.status).toBe(415);
  });

  it('answers broken and too deeply nested JSON with 400', async () => {
    expect((await postJson(url, '{"image_url":')).body.error).toBe('INVALID_INPUT');
    const deep = await postJson(url, `{"image_url":${'['.repeat(40_000)}${']'.repeat(40_000)}}`);
    expect(deep.status).toBe(400);
    expect(deep.body.message).toMatch(/64/);
  });

  it('treats __proto__ as an unknown field', async () => {
    const reply = await postJson(url, '{"__proto__":{"image_url":"data:,"}}');
    expect(reply.status).toBe(422);
  });

  it('answers unknown models and versions with 404, and lists the existing ones', async () => {
    const model = await upload(`${url}?model=nope`, sample('cat.jpg'));
    expect(model.status).toBe(404);
    expect(model.body.error).toBe('MODEL_NOT_FOUND');
    const version = await postJson(`${url}?model_version=7`, { image_url: dataUrl('cat.jpg') });
    expect(version.status).toBe(404);
    expect(version.body.error).toBe('MODEL_VERSION_NOT_FOUND');
    expect(version.body.message).toMatch(/1.*2/);
  });

  it('answers unknown routes with 404 and other methods with 405, in the envelope', async () => {
    const reply = await send(`${url}/nowhere`);
    expect(reply.status).toBe(404);
    expect(reply.body).toMatchObject({ error: 'NOT_FOUND', path: '/api/v1/predict/nowhere' });
    const method = await send(url);
    expect(method.status).toBe(405);
    expect(method.body).toMatchObject({ error: 'METHOD_NOT_ALLOWED', path: '/api/v1/predict' });
    expect((await send(`${server.url}/api/v1/models/%E0%A4%A`)).status).toBe(400);
  });

  it('still serves valid requests afterwards', async () => {
    expect((await upload(url, sample('cat.jpg'))).status).toBe(200);
  });
});
