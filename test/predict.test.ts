import { beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { dataUrl, postJson, send, upload } from './support/http.js';
import { ImageHost, sample } from './support/image-host.js';
import { ServerProcess } from './support/server-process.js';

interface Prediction {
  readonly label: string;
  readonly confidence: number;
}

describe('POST /api/v1/predict', () => {
  let server: ServerProcess;
  let host: ImageHost;
  let url: string;

  beforeAll(async () => {
    host = await ImageHost.start();
    server = await ServerProcess.start({ ALLOWED_IMAGE_HOSTS: host.address });
    url = `${server.url}/api/v1/predict`;
  });

  it.each(['1', '2', 'v1'])('names the cat with version %s', async (version) => {
    const { status, body, headers } = await upload(`${url}?model_version=${version}`, sample('cat.jpg'));
    expect(status).toBe(200);
    const predictions = body.predictions as Prediction[];
    expect(predictions.map(({ label }) => label).slice(0, 3)).toEqual(['tiger cat', 'Egyptian cat', 'tabby']);
    expect(predictions[0]?.confidence).toBeCloseTo(0.39, 1);
    expect(predictions[1]?.confidence).toBeCloseTo(0.35, 1);
    expect(predictions[2]?.confidence).toBeCloseTo(0.18, 1);
    expect(body.model_version).toBe(version.replace('v', ''));
    expect(headers.get('x-model-name')).toBe('efficientnet-lite0');
    expect(headers.get('x-model-version')).toBe(body.model_version);
  });

  it.each([
    ['coffee.jpg', 'espresso'],
    ['rocket.jpg', 'missile'],
  ])('fetches %s from its address and recognizes %s', async (name, label) => {
    const { status, body } = await postJson(url, { image_url: host.url(`/${name}`) });
    expect(status).toBe(200);
    expect(body.predictions).toHaveLength(5);
    expect(body.predictions[0].label).toBe(label);
    expect(body.model_version).toBe('2');
    expect(body.inference_time_ms).toBeGreaterThan(0);
    expect(Object.keys(body as object).sort()).toEqual(['inference_time_ms', 'model_version', 'predictions']);
  });

  it('accepts a data: URL', async () => {
    const { status, body } = await postJson(url, { image_url: dataUrl('coffee.jpg'), top_k: 1 });
    expect(status).toBe(200);
    expect(body.predictions).toHaveLength(1);
    expect(body.predictions[0].label).toBe('espresso');
  });

  it('returns the requested number of labels, most likely first', async () => {
    const { body } = await upload(url, sample('cat.jpg'), { top_k: '100' });
    const confidences = (body.predictions as Prediction[]).map(({ confidence }) => confidence);
    expect(confidences).toHaveLength(100);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
  });

  it.each(['png', 'webp'] as const)('reads %s', async (format) => {
    const bytes = await sharp(sample('coffee.jpg')).toFormat(format).toBuffer();
    const { body } = await upload(url, bytes);
    expect(body.predictions[0].label).toBe('espresso');
  });

  it('rotates an image upright by its EXIF orientation', async () => {
    const upright = await upload(url, sample('rocket.jpg'));
    // Stored sideways, with the EXIF orientation that turns it upright.
    const lying = await sharp(sample('rocket.jpg'))
      .rotate(-90)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
    const { body } = await upload(url, lying);
    expect(body.predictions[0].label).toBe(upright.body.predictions[0].label);
    expect(body.predictions[0].confidence).toBeCloseTo(upright.body.predictions[0].confidence as number, 1);
  });

  it('follows a redirect to an allowed host', async () => {
    host.route('/moved', (_request, response) => response.writeHead(302, { location: '/cat.jpg' }).end());
    const { body } = await postJson(url, { image_url: host.url('/moved') });
    expect(body.predictions[0].label).toBe('tiger cat');
  });

  it('returns the request id, or a new one if it is malformed', async () => {
    const given = await upload(url, sample('cat.jpg'));
    expect(given.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    const kept = await send(`${server.url}/health/live`, { headers: { 'x-request-id': 'abc-123' } });
    expect(kept.headers.get('x-request-id')).toBe('abc-123');
    const replaced = await send(`${server.url}/health/live`, {
      headers: { 'x-request-id': 'no spaces please' },
    });
    expect(replaced.headers.get('x-request-id')).not.toBe('no spaces please');
  });

  it('logs one line per request with the model that served it, but without the query', async () => {
    const { headers } = await upload(`${url}?model_version=2`, sample('cat.jpg'));
    const id = headers.get('x-request-id');
    const line = await server.waitForLog((entry) => entry.msg === 'request' && entry.id === id);
    expect(line).toMatchObject({
      method: 'POST',
      path: '/api/v1/predict',
      status: 200,
      model: 'efficientnet-lite0',
      version: '2',
      batch_size: 1,
    });
    expect(line.duration_ms).toBeGreaterThan(0);
  });
});
