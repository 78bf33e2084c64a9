/**
 * Aerie side by side with the same service in FastAPI: same machine, same run, alternating rounds.
 *
 *   node bench/run.mjs [cases ...] [--rounds 3] [--seconds 5] [--quick] [--only fastapi]
 *
 * A case is a name or its beginning, such as `predict-640` or `embed`; `bare` stands for the loops without HTTP.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bareLoops, nodeLoop } from './support/bare.mjs';
import { CASES, SENTENCE } from './support/cases.mjs';
import { IMAGES, startImageServer } from './support/images.mjs';
import { startFastApi } from './support/peer.mjs';
import { BENCH, WORK } from './support/paths.mjs';
import { runForJson } from './support/process.mjs';
import { caseReport, printReports, short } from './support/report.mjs';
import { checkSameWork } from './support/same-work.mjs';
import { startAerie } from './support/server.mjs';
import { prepareVenv } from './support/venv.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const seconds = Number(values.seconds ?? (values.quick ? 2 : 5));
if (!(rounds >= 1 && seconds > 0)) throw new Error('--rounds and --seconds must be positive numbers.');
const WARM_UP_SECONDS = 1;
/** Warm-up before the first round, for every server and case: just-in-time compilation takes thousands of requests. */
const SETTLE_SECONDS = Math.min(10, 2 * seconds);

const wanted = (/** @type {string} */ name) =>
  positionals.length === 0 || positionals.some((prefix) => name.startsWith(prefix));
const cases = CASES.filter(({ name }) => wanted(name));
if (cases.length === 0 && !wanted('bare')) {
  throw new Error(`No such case. The cases are:  ${CASES.map(({ name }) => name).join(', ')}, bare.`);
}
/** @param {import('./support/cases.mjs').Case} benchCase */
const contestantsOf = (benchCase) => benchCase.contestants.filter(({ name }) => name.startsWith(values.only));

/** @param {URL} url @param {unknown} body @param {number} concurrency @param {number} [measured] seconds */
async function load(url, body, concurrency, measured = seconds) {
  const args = ['--url', url.href, '--body', JSON.stringify(body), '--concurrency', String(concurrency)];
  const times = ['--seconds', String(measured), '--warm-up', String(WARM_UP_SECONDS)];
  const result = await runForJson(process.execPath, [join(BENCH, 'load.mjs'), ...args, ...times]);
  if (result.failed === 0) return result;
  throw new Error(
    `${url}: ${result.failed} failed: ${JSON.stringify(result.failures)} ${result.firstFailure}`,
  );
}

/**
 * The request of a case and its target.
 *
 * @param {import('./support/cases.mjs').Case} benchCase
 * @param {Readonly<Record<string, import('./support/process.mjs').Service>>} servers
 * @param {(path: string) => string} imageUrl
 */
function workOf(benchCase, servers, imageUrl) {
  return {
    body: benchCase.image === undefined ? { text: SENTENCE } : { image_url: imageUrl(benchCase.image) },
    contestants: contestantsOf(benchCase).map(({ name, server, route }) => ({
      name,
      url: servers[server].url(`${route}/api/v1/${benchCase.task}`),
    })),
  };
}

/**
 * One round of one case. The order alternates, so that no server is always first.
 *
 * @param {import('./support/cases.mjs').Case} benchCase
 * @param {number} round
 * @param {Readonly<Record<string, import('./support/process.mjs').Service>>} servers
 * @param {(path: string) => string} imageUrl
 */
async function runRound(benchCase, round, servers, imageUrl) {
  const { body, contestants } = workOf(benchCase, servers, imageUrl);
  /** @type {[string, () => Promise<import('./support/report.mjs').Sample>][]} */
  const runs = contestants.map(({ name, url }) => [name, () => load(url, body, benchCase.concurrency)]);
  if ('bare' in benchCase.peers) {
    const image = IMAGES[/** @type {keyof typeof IMAGES} */ (benchCase.image)];
    runs.push(['bare', () => nodeLoop(['predict', image], seconds)]);
  }
  if (round % 2 === 1) runs.reverse();
  const samples = [];
  for (const [name, run] of runs) {
    const sample = await run();
    const latency =
      sample.p99Ms === undefined ? '' : `, p50 ${short(sample.p50Ms)} ms, p99 ${short(sample.p99Ms)} ms`;
    console.log(`round ${round + 1}: ${benchCase.name}: ${name}: ${short(sample.perSecond)}/s${latency}`);
    samples.push([name, sample]);
  }
  return Object.fromEntries(samples);
}

/** @param {Awaited<ReturnType<typeof startImageServer>>} images */
async function sideBySide(images) {
  const names = new Set(cases.flatMap(contestantsOf).map(({ server }) => server));
  const start = {
    aerie: () => startAerie({ imageHost: images.host }),
    'fastapi-2w': () => startFastApi({ workers: 2 }),
    'fastapi-4w': () => startFastApi({ workers: 4 }),
  };
  /** @type {Record<string, import('./support/process.mjs').Service>} */
  const servers = {};
  try {
    for (const name of names) servers[name] = await start[name]();
    await checkSameWork(Object.values(servers), images.url('/cat.jpg'));
    for (const benchCase of cases) {
      const { body, contestants } = workOf(benchCase, servers, images.url);
      for (const { url } of contestants) await load(url, body, benchCase.concurrency, SETTLE_SECONDS);
    }
    const samples = cases.map(
      () => /** @type {Record<string, import('./support/report.mjs').Sample[]>} */ ({}),
    );
    for (let round = 0; round < rounds; round++) {
      for (const [at, benchCase] of cases.entries()) {
        const measured = await runRound(benchCase, round, servers, images.url);
        for (const { name } of [...contestantsOf(benchCase), { name: 'bare' }]) {
          if (measured[name]) (samples[at][name] ??= []).push(measured[name]);
        }
      }
    }
    return cases.map((benchCase, at) => caseReport(benchCase, samples[at] ?? {}));
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}

const began = performance.now();
prepareVenv();
const images = await startImageServer();
try {
  const reports = cases.length > 0 ? await sideBySide(images) : [];
  const bare = wanted('bare') ? await bareLoops(Math.min(seconds, 2)) : [];
  printReports(reports);
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  const path = join(WORK, 'results.json');
  writeFileSync(path, JSON.stringify({ machine, rounds, seconds, cases: reports, bare }, undefined, 2));
  console.log(
    `\n${machine.cores} cores of ${machine.cpu}, Node ${machine.node}; ${rounds} rounds of ${seconds} s.`,
  );
  console.log(
    `Took ${Math.round((performance.now() - began) / 1000)} s. All figures: bench/.work/results.json`,
  );
} finally {
  images.stop();
}
