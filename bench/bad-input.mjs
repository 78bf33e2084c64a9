/**
 * Sends 10,000 bad requests of every kind and checks the responses, their latency, and that memory returns to normal.
 *
 *   node bench/bad-input.mjs [--requests 10000] [--clients 8]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { badRequests } from './support/bad-requests.mjs';
import { ConnectionError, HttpConnection } from './support/http-connection.mjs';
import { startImageServer } from './support/images.mjs';
import { httpProcesses, residentMegabytes } from './support/memory.mjs';
import { short, table } from './support/report.mjs';
import { startAerie } from './support/server.mjs';
import { histogram, latencySummary } from './support/statistics.mjs';
import { conclude } from './support/verdict.mjs';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, clients: { type: 'string', default: '8' } },
});
const total = Number(values.requests);
const BEFORE = Math.min(1000, total);
const SETTLE_MS = 2000;
const MAX_GROWTH_MEGABYTES = 50;
const MAX_LATENCY_MS = 50;

/** @param {Buffer} body */
function hasEnvelope(body) {
  try {
    const { error, message, path, requestId } = JSON.parse(body.toString());
    return [error, message, path, requestId].every((field) => typeof field === 'string' && field !== '');
  } catch {
    return false;
  }
}

/**
 * @typedef {object} Answer
 * @property {string} kind
 * @property {number | string} status Status, or the code of a failed connection.
 * @property {boolean} right Whether the status is expected and the body is the envelope.
 * @property {number} latencyMs
 * @property {string} body Body of a wrong response.
 */

/**
 * @param {URL} origin
 * @param {readonly import('./support/bad-requests.mjs').BadRequest[]} requests
 * @param {number} from
 * @param {number} to
 * @param {number} clients
 */
async function send(origin, requests, from, to, clients) {
  /** @type {Answer[]} */
  const answers = [];
  let next = from;
  const client = async () => {
    const connection = new HttpConnection({
      host: origin.hostname,
      port: Number(origin.port),
      timeoutMs: 10_000,
    });
    while (next < to) {
      const { kind, bytes, expected } = requests[next++ % requests.length];
      const sentAt = performance.now();
      /** @type {Pick<Answer, 'status' | 'right' | 'body'>} */
      let answer;
      try {
        const { status, body } = await connection.send(bytes);
        const right = expected.includes(status) && hasEnvelope(body);
        answer = { status, right, body: right ? '' : body.toString('utf8', 0, 300) };
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        answer = { status: error.code, right: false, body: '' };
      }
      answers.push({ kind, latencyMs: performance.now() - sentAt, ...answer });
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers;
}

const images = await startImageServer();
const server = await startAerie({ imageHost: images.host });
try {
  const origin = server.url('/');
  const requests = await badRequests(origin, images.url);
  const processes = httpProcesses(server.pid);
  const resident = () => processes.reduce((sum, pid) => sum + residentMegabytes(pid), 0);
  /** @type {number[]} */
  const megabytes = [resident()];
  console.log(`${total} bad requests of ${requests.length} kinds; ${short(megabytes[0])} MB at the start.`);
  /** @type {Answer[]} */
  const answers = [];
  for (const [from, to] of [
    [0, BEFORE],
    [BEFORE, total],
  ]) {
    answers.push(...(await send(origin, requests, from, to, Number(values.clients))));
    await delay(SETTLE_MS);
    megabytes.push(resident());
    console.log(`after ${to}: ${short(megabytes.at(-1))} MB`);
  }
  // Sent one at a time, because a request would otherwise also wait for the others.
  const alone = await send(origin, requests, 0, requests.length * 5, 1);

  const kinds = requests.map(({ kind }) => {
    const mine = answers.filter((answer) => answer.kind === kind);
    const latency = latencySummary(
      alone.filter((answer) => answer.kind === kind).map(({ latencyMs }) => latencyMs),
    );
    const wrong = mine.filter(({ right }) => !right);
    const statuses = histogram(mine.map(({ status }) => status));
    return {
      kind,
      statuses,
      wrong: wrong.length,
      example: wrong[0]?.body ?? '',
      p50Ms: latency.p50Ms,
      maxMs: latency.maxMs,
    };
  });
  const rows = kinds.map(({ kind, statuses, wrong, p50Ms, maxMs }) => [
    kind,
    Object.entries(statuses)
      .map(([status, count]) => `${status} x ${count}`)
      .join(', '),
    wrong > 0 ? `${wrong} WRONG` : '',
    short(p50Ms),
    short(maxMs),
  ]);
  console.log(`\n${table([['kind', 'answers', '', 'alone: p50 ms', 'max'], ...rows])}\n`);
  for (const { kind, example } of kinds) if (example !== '') console.log(`${kind}: ${example}`);

  const together = latencySummary(answers.map(({ latencyMs }) => latencyMs));
  console.log(`${values.clients} clients: p50 ${short(together.p50Ms)} ms, p99 ${short(together.p99Ms)} ms.`);
  const wrong = answers.filter(({ right }) => !right).length;
  const growth = (megabytes[2] ?? NaN) - (megabytes[1] ?? NaN);
  const slowest = Math.max(...kinds.map(({ p50Ms }) => p50Ms));
  const replaced = httpProcesses(server.pid).join() !== processes.join();
  conclude('bad-input', { megabytes, together, kinds }, [
    {
      target: `every response as expected and in the envelope: ${wrong} wrong of ${answers.length}`,
      met: wrong === 0,
    },
    {
      target: `slowest kind alone (median): ${short(slowest)} ms, under ${MAX_LATENCY_MS}`,
      met: slowest < MAX_LATENCY_MS,
    },
    {
      target: `memory since the first ${BEFORE}: ${short(growth)} MB, within ${MAX_GROWTH_MEGABYTES}`,
      met: growth <= MAX_GROWTH_MEGABYTES,
    },
    { target: 'the HTTP process was not replaced', met: !replaced },
  ]);
} finally {
  await server.stop();
  images.stop();
}
