import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { IMAGES } from './images.mjs';
import { requestBytes } from './http-connection.mjs';

/**
 * One kind of bad request.
 *
 * @typedef {object} BadRequest
 * @property {string} kind
 * @property {readonly number[]} expected Acceptable statuses.
 * @property {Buffer} bytes
 */

const PREDICT = '/api/v1/predict';
const EMBED = '/api/v1/embed';
const dataUrl = (/** @type {string} */ type, /** @type {Buffer} */ bytes) =>
  `data:${type};base64,${bytes.toString('base64')}`;

/** A small file that decodes to 100 megapixels. */
const pixelBomb = () =>
  sharp({ create: { width: 10_000, height: 10_000, channels: 3, background: 'black' } })
    .png({ palette: true, compressionLevel: 9 })
    .toBuffer();

/**
 * Every kind of bad request, ready to send.
 *
 * @param {URL} origin
 * @param {(path: string) => string} imageUrl
 * @returns {Promise<readonly BadRequest[]>}
 */
export async function badRequests(origin, imageUrl) {
  /** @type {BadRequest[]} */
  const requests = [];
  /**
   * @param {string} kind
   * @param {number | readonly number[]} expected
   * @param {string} path
   * @param {unknown} body A string is sent as it is.
   * @param {Record<string, string>} [headers]
   */
  const add = (kind, expected, path, body, headers = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const url = new URL(path, origin);
    const bytes = requestBytes({ url, headers, ...(text === undefined ? {} : { body: text }) });
    requests.push({ kind, bytes, expected: [expected].flat() });
  };
  /** @param {string} kind @param {number | readonly number[]} expected @param {string} url */
  const addImage = (kind, expected, url) => {
    add(kind, expected, PREDICT, { image_url: url });
  };
  const image_url = imageUrl('/cat.jpg');

  add('bad JSON', 400, PREDICT, '{"image_url": ');
  add('array as the body', [400, 422], PREDICT, [1, 2]);
  add('JSON nested 1,000 deep', [400, 422], PREDICT, `{"image_url":${'['.repeat(1000)}${']'.repeat(1000)}}`);
  add('no image_url', 422, PREDICT, {});
  add('empty image_url', 422, PREDICT, { image_url: '' });
  add('image_url is a number', 422, PREDICT, { image_url: 7 });
  add('unknown field', 422, PREDICT, { image_url, color: 'red' });
  add('top_k 0', 422, PREDICT, { image_url, top_k: 0 });
  add('unknown model', 404, `${PREDICT}?model=nothing`, { image_url });
  add('unknown version', 404, `${PREDICT}?model_version=99`, { image_url });
  add('text body', 415, PREDICT, 'a cat', { 'content-type': 'text/plain' });
  add('gzip body', 415, PREDICT, '{}', { 'content-encoding': 'gzip' });
  add('unknown path', 404, '/api/v1/predictions', {});
  add('wrong method', [404, 405], PREDICT, undefined);
  addImage('data URL without an image', 400, dataUrl('image/jpeg', Buffer.from('not an image at all')));
  addImage(
    'data URL with half a JPEG header',
    400,
    dataUrl('image/jpeg', readFileSync(IMAGES['/cat.jpg']).subarray(0, 200)),
  );
  addImage('data URL with broken base64', [400, 422], 'data:image/png;base64,@@@@');
  addImage('image with too many pixels', 400, dataUrl('image/png', await pixelBomb()));
  addImage('private address', 400, 'http://10.0.0.1/cat.jpg');
  addImage('metadata address', 400, 'http://169.254.169.254/latest/meta-data');
  addImage('loopback written as a number', 400, 'http://2130706433/cat.jpg');
  addImage('mapped loopback', 400, 'http://[::ffff:127.0.0.1]/cat.jpg');
  addImage('another scheme', [400, 422], 'ftp://example.com/cat.jpg');
  addImage('missing source', 400, imageUrl('/nothing.jpg'));
  addImage('source is a page', 400, imageUrl('/page'));
  add('blank text', 422, EMBED, { text: '  ' });
  add('no text', 422, EMBED, {});
  add('text is a number', 422, EMBED, { text: 5 });
  add('257 texts', 422, EMBED, { text: Array.from({ length: 257 }, () => 'a') });
  add('text too long', 400, EMBED, { text: 'word '.repeat(2000) });
  add('body over 1 MB', 413, EMBED, { text: 'a'.repeat(1_100_000) });
  add('body over 28 MB', 413, PREDICT, { image_url: `data:image/jpeg;base64,${'A'.repeat(30_000_000)}` });
  return requests;
}
