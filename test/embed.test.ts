import { beforeAll, describe, expect, it } from '@jest/globals';
import { postJson } from './support/http.js';
import { ServerProcess } from './support/server-process.js';

const CAT = 'A cat sits on the mat.';
const KITTEN = 'A kitten is resting on a rug.';
const STOCKS = 'Stock markets fell sharply today.';

function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

describe('POST /api/v1/embed', () => {
  let server: ServerProcess;
  let url: string;

  beforeAll(async () => {
    server = await ServerProcess.start();
    url = `${server.url}/api/v1/embed`;
  });

  it('places similar sentences close together', async () => {
    const { status, body, headers } = await postJson(url, { text: [CAT, KITTEN, STOCKS] });
    expect(status).toBe(200);
    const [cat, kitten, stocks] = body.embeddings as [number[], number[], number[]];
    expect(cosine(cat, cat)).toBeCloseTo(1, 4);
    expect(cosine(cat, kitten)).toBeCloseTo(0.65, 1);
    expect(cosine(cat, stocks)).toBeLessThan(0.15);
    expect(body).toMatchObject({ dimensions: 384, model: 'minilm-l6-v2', model_version: '1' });
    expect(body.usage.tokens).toBeGreaterThan(20);
    expect(headers.get('x-model-name')).toBe('minilm-l6-v2');
  });

  it('computes the same vector for a text alone and among others', async () => {
    const alone = await postJson(url, { text: CAT });
    const among = await postJson(url, { text: [STOCKS, CAT, `${KITTEN} `.repeat(20)] });
    expect(alone.body.embeddings).toHaveLength(1);
    expect(
      cosine(alone.body.embeddings[0] as number[], among.body.embeddings[1] as number[]),
    ).toBeGreaterThan(0.99);
  });

  it('also answers at /embed', async () => {
    const { status, body } = await postJson(`${server.url}/embed`, { text: CAT, model: 'minilm-l6-v2' });
    expect(status).toBe(200);
    expect(body.embeddings[0]).toHaveLength(384);
  });

  it('embeds 256 texts in order', async () => {
    const texts = Array.from({ length: 256 }, (_, index) => (index % 2 === 0 ? CAT : STOCKS));
    const { status, body } = await postJson(url, { text: texts });
    expect(status).toBe(200);
    expect(body.embeddings).toHaveLength(256);
    const [first, second, , fourth] = body.embeddings as number[][] as [
      number[],
      number[],
      number[],
      number[],
    ];
    expect(cosine(second, fourth)).toBeGreaterThan(0.99);
    expect(cosine(first, second)).toBeLessThan(0.15);
  });

  it.each([
    ['no text', {}],
    ['a blank text', { text: '  \n' }],
    ['an empty list', { text: [] }],
    ['a blank text in a list', { text: [CAT, ' '] }],
    ['a number', { text: 5 }],
    ['a list with a number', { text: [CAT, 5] }],
    ['257 texts', { text: Array.from({ length: 257 }, () => CAT) }],
  ])('answers %s with 422 and names the field', async (_name, body) => {
    const reply = await postJson(url, body);
    expect(reply.status).toBe(422);
    expect(reply.body.error).toBe('VALIDATION_ERROR');
    expect(reply.body.details[0].field).toBe('text');
  });

  const LONG = 'word '.repeat(400);

  it('refuses a text over 256 tokens, and names the limit and the index', async () => {
    const alone = await postJson(url, { text: LONG });
    expect(alone.status).toBe(400);
    expect(alone.body.error).toBe('INVALID_INPUT');
    expect(alone.body.message).toMatch(/402 tokens.*256/);
    const among = await postJson(url, { text: [CAT, LONG] });
    expect(among.body.message).toMatch(/Text 1/);
  });

  it('cuts a long text on request', async () => {
    const { status, body } = await postJson(url, { text: LONG, truncate: true });
    expect(status).toBe(200);
    expect(body.usage.tokens).toBe(256);
  });

  it('answers 404 for a model of another task', async () => {
    const reply = await postJson(url, { text: CAT, model: 'efficientnet-lite0' });
    expect(reply.status).toBe(404);
    expect(reply.body.error).toBe('MODEL_NOT_FOUND');
  });

  it('answers a body over 1 MB with 413', async () => {
    const reply = await postJson(url, { text: 'a'.repeat(1_100_000), truncate: true });
    expect(reply.status).toBe(413);
    expect(reply.body.message).toMatch(/1000000/);
  });

  it('never logs a text', async () => {
    const { headers } = await postJson(url, { text: 'a very private sentence' });
    await server.waitForLog((line) => line.id === headers.get('x-request-id'));
    expect(JSON.stringify(server.log)).not.toContain('private sentence');
  });
});
