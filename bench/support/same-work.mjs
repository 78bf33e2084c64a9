import { SENTENCE } from './cases.mjs';

const SENTENCES = [SENTENCE, 'A kitten is resting on a rug.', 'Stock markets fell sharply today.'];
const MIN_COSINE = 0.99;

/** @param {URL} url @param {unknown} body */
async function post(url, body) {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

/** @param {readonly number[]} a @param {readonly number[]} b Unit vectors. */
const dot = (a, b) => a.reduce((sum, value, at) => sum + value * (b[at] ?? NaN), 0);

/**
 * Checks that all servers return the same results, so that the same work is compared.
 *
 * @param {readonly import('./process.mjs').Service[]} services
 * @param {string} imageUrl
 * @throws {Error} When the labels differ, or a cosine is not above 0.99.
 */
export async function checkSameWork(services, imageUrl) {
  const answers = await Promise.all(
    services.map(async (service) => ({
      name: service.name,
      predictions: (await post(service.url('/api/v1/predict'), { image_url: imageUrl })).predictions,
      embeddings: (await post(service.url('/api/v1/embed'), { text: SENTENCES })).embeddings,
    })),
  );
  const [first, ...others] = answers;
  for (const { name, predictions, embeddings } of others) {
    const [mine, theirs] = [first.predictions[0].label, predictions[0].label];
    if (mine !== theirs)
      throw new Error(`${first.name} says "${mine}" for cat.jpg, ${name} says "${theirs}".`);
    SENTENCES.forEach((sentence, at) => {
      const cosine = dot(first.embeddings[at], embeddings[at]);
      if (cosine > MIN_COSINE) return;
      throw new Error(`${first.name} and ${name} embed "${sentence}" with a cosine of only ${cosine}.`);
    });
  }
  const { label, confidence } = first.predictions[0];
  console.log(
    `Same results from ${answers.map(({ name }) => name).join(', ')}: ${label} (${confidence.toFixed(3)}).`,
  );
}
