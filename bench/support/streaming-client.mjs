import { request } from 'node:http';

/**
 * One streamed response of chat completions.
 *
 * @typedef {object} StreamedReply
 * @property {number} firstTokenMs From sending to the first piece of text.
 * @property {number} totalMs From sending to the end of the response.
 * @property {string} text
 * @property {number} tokens Count in the server's `usage`.
 * @property {number} promptTokens
 */

/**
 * Requests a chat completion from a server that speaks OpenAI's API and reads the stream to its end. The events are parsed
 * after the last one, because the client shares the servers' cores.
 * Each request has its own connection, because servers close idle connections at arbitrary times.
 *
 * @param {URL} url
 * @param {object} body
 * @returns {Promise<StreamedReply>}
 */
export async function streamChat(url, body) {
  const sentAt = performance.now();
  const { status, pieces } = await post(url, {
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  });
  const totalMs = performance.now() - sentAt;
  const all = pieces.map(({ data }) => data).join('');
  if (status !== 200) throw new Error(`${url.href}: ${status} ${all.slice(0, 500)}`);
  let text = '';
  /** @type {{ completion_tokens: number, prompt_tokens: number } | undefined} */
  let usage;
  for (const event of eventsOf(all)) {
    text += event.choices[0]?.delta.content ?? '';
    usage = event.usage ?? usage;
  }
  if (usage === undefined) throw new Error(`${url.href}: the stream ended without usage: ${all.slice(-500)}`);
  return {
    firstTokenMs: firstTextAt(pieces) - sentAt,
    totalMs,
    text,
    tokens: usage.completion_tokens,
    promptTokens: usage.prompt_tokens,
  };
}

/** @typedef {{ at: number, data: string }} Piece The result of one read of the connection. */

/**
 * @param {URL} url
 * @param {object} body
 * @returns {Promise<{ status: number, pieces: Piece[] }>}
 */
function post(url, body) {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false, headers }, (reply) => {
      /** @type {Piece[]} */
      const pieces = [];
      reply.setEncoding('utf8');
      reply.on('data', (/** @type {string} */ data) => pieces.push({ at: performance.now(), data }));
      reply.on('end', () => {
        resolve({ status: reply.statusCode ?? 0, pieces });
      });
      reply.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

/** @param {string} stream @returns {any[]} */
const eventsOf = (stream) =>
  stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)));

/** @param {readonly Piece[]} pieces */
function firstTextAt(pieces) {
  let stream = '';
  for (const { at, data } of pieces) {
    stream += data;
    const whole = stream.slice(0, stream.lastIndexOf('\n') + 1);
    if (eventsOf(whole).some(({ choices }) => choices[0]?.delta.content)) return at;
  }
  return NaN;
}
