/**
 * `npm test`: sets up a fresh clone if needed, then runs Jest on the Node that runs this script.
 *
 * Without arguments: the unit specs on two workers, then the end-to-end tests one file at a time, because each starts
 * its own servers. With `--other-node`: the same without the end-to-end tests whose results do not depend on the
 * release of Node. With other arguments: one Jest run over everything with these arguments.
 * The counts also go to node_modules/.cache/aerie/test-results.json, for programs.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT, setUp } from './setup.mjs';
import { STOP_SIGNALS, say, seconds } from './setup/steps.mjs';

const RESULTS = path.join(ROOT, 'node_modules', '.cache', 'aerie');
const TOTALS = path.join(RESULTS, 'test-results.json');

/**
 * End-to-end tests of what a release of Node can change: processes and signals, sockets and streams, files, native
 * modules, threads, fetch.
 */
const OF_THE_RUNTIME = [
  'start',
  'processes',
  'drain',
  'streams',
  'data-dir',
  'predict',
  'embed',
  'chat',
  'jobs',
  'faults',
];

/** How long Jest may take to exit after it has reported open handles. */
const EXIT_GRACE_MS = 5_000;

/** Jest's messages when tests leave something open, after which it hangs or kills the worker. */
const LEFT_OPEN = /did not exit one second after|failed to exit gracefully/;

async function main(args) {
  rmSync(TOTALS, { force: true });
  await setUp();
  mkdirSync(RESULTS, { recursive: true });
  const isOtherNode = args.includes('--other-node');
  const files = isOtherNode ? OF_THE_RUNTIME.map((name) => `test/${name}.test.ts`) : [];
  const runs =
    args.length > 0 && !isOtherNode
      ? [{ name: 'tests', args: ['--maxWorkers=2', ...args] }]
      : [
          { name: 'unit', args: ['--selectProjects', 'unit', '--maxWorkers=2'] },
          { name: 'e2e', args: ['--selectProjects', 'e2e', '--runInBand', ...files] },
        ];

  const totals = { node: process.versions.node, passed: 0, failed: 0 };
  for (const [index, run] of runs.entries()) {
    const startedAt = performance.now();
    say(`[${index + 1}/${runs.length}] ${run.name} on Node ${process.versions.node}`);
    const file = path.join(RESULTS, `${run.name}.json`);
    rmSync(file, { force: true });
    const { code, leftOpen } = await jest([...run.args, '--json', '--outputFile', file]);
    const counts = countsOf(file);
    // A run with a bad exit code and no failed test has failed too: a suite did not load, or Jest crashed.
    const failed = counts.failed === 0 && (code !== 0 || leftOpen) ? 1 : counts.failed;
    totals.passed += counts.passed;
    totals.failed += failed;
    if (leftOpen)
      say(`${run.name}: a test left a timer, thread or socket open. \`--detectOpenHandles\` names it.`);
    say(
      `[${index + 1}/${runs.length}] ${run.name}: ${counts.passed} passed, ${failed} failed in ${seconds(startedAt)}`,
    );
  }
  writeFileSync(TOTALS, JSON.stringify(totals));
  if (runs.length > 1) say(`Tests: ${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

/** Runs Jest and forwards its output. A Jest that does not exit is killed and counts as failed. */
function jest(args) {
  return new Promise((resolve, reject) => {
    const bin = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const colors = process.stderr.isTTY === true ? ['--colors'] : [];
    const child = spawn(process.execPath, [bin, ...args, ...colors], {
      stdio: ['inherit', 'inherit', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: nodeOptions() },
    });
    let leftOpen = false;
    let timer;
    child.stderr.setEncoding('utf8').on('data', (text) => {
      process.stderr.write(text);
      if (leftOpen || !LEFT_OPEN.test(text)) return;
      leftOpen = true;
      timer = setTimeout(() => child.kill('SIGKILL'), EXIT_GRACE_MS);
    });
    const forward = (signal) => child.kill(signal);
    for (const signal of STOP_SIGNALS) process.on(signal, forward);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      for (const signal of STOP_SIGNALS) process.off(signal, forward);
      resolve({ code, leftOpen });
    });
  });
}

/** Jest runs ES modules in Node's `vm`, which needs a flag and prints a warning in every worker. */
function nodeOptions() {
  const own = process.env.NODE_OPTIONS ?? '';
  return `${own} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim();
}

function countsOf(file) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

await main(process.argv.slice(2));
