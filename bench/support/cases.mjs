/** One short sentence, of nine tokens with the two special ones. */
export const SENTENCE = 'A cat sits on the mat.';

/**
 * One contestant. `server` names the process that serves, `route` is a path prefix.
 *
 * @typedef {object} Contestant
 * @property {string} name
 * @property {'aerie' | 'fastapi-2w' | 'fastapi-4w'} server
 * @property {string} route
 */

/** @type {Readonly<Record<string, Contestant>>} */
const CONTESTANTS = {
  aerie: { name: 'aerie', server: 'aerie', route: '' },
  two: { name: 'fastapi-2w', server: 'fastapi-2w', route: '' },
  four: { name: 'fastapi-4w', server: 'fastapi-4w', route: '' },
  twoDraft: { name: 'fastapi-2w-draft', server: 'fastapi-2w', route: '/draft' },
  fourDraft: { name: 'fastapi-4w-draft', server: 'fastapi-4w', route: '/draft' },
};
const { aerie, two, four, twoDraft, fourDraft } = CONTESTANTS;

/**
 * One comparison. `peers` names the groups that Aerie is compared with; the better of each group counts.
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {'predict' | 'embed'} task
 * @property {string} [image] Path on the image server.
 * @property {number} concurrency
 * @property {readonly (Contestant | undefined)[]} contestants
 * @property {Readonly<Record<string, { of: readonly string[], target?: number }>>} peers
 */

const plain = ['fastapi-2w', 'fastapi-4w'];
const draft = ['fastapi-2w-draft', 'fastapi-4w-draft'];

/** With one caller the number of worker processes cannot matter, so only two are measured. @type {readonly Case[]} */
export const CASES = [
  {
    name: 'predict-640-c1',
    task: 'predict',
    image: '/640.jpg',
    concurrency: 1,
    contestants: [aerie, two],
    peers: { fastapi: { of: plain } },
  },
  {
    name: 'predict-640-c16',
    task: 'predict',
    image: '/640.jpg',
    concurrency: 16,
    contestants: [aerie, two, four],
    peers: { fastapi: { of: plain, target: 1.2 }, bare: { of: ['bare'], target: 0.85 } },
  },
  {
    name: 'predict-12mp-c1',
    task: 'predict',
    image: '/12mp.jpg',
    concurrency: 1,
    contestants: [aerie, two, twoDraft],
    peers: { fastapi: { of: plain }, 'fastapi, draft': { of: draft } },
  },
  {
    name: 'predict-12mp-c16',
    task: 'predict',
    image: '/12mp.jpg',
    concurrency: 16,
    contestants: [aerie, two, four, twoDraft, fourDraft],
    peers: { fastapi: { of: plain, target: 4 }, 'fastapi, draft': { of: draft, target: 1 } },
  },
  {
    name: 'embed-c1',
    task: 'embed',
    concurrency: 1,
    contestants: [aerie, two],
    peers: { fastapi: { of: plain } },
  },
  {
    name: 'embed-c32',
    task: 'embed',
    concurrency: 32,
    contestants: [aerie, two, four],
    peers: { fastapi: { of: plain, target: 2.2 } },
  },
];
