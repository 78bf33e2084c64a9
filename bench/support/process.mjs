import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WORK } from './paths.mjs';

/** Longer than any drain, so that a kill indicates a defect. */
const STOP_TIMEOUT_MS = 40_000;
const READY_INTERVAL_MS = 50;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** @returns {Promise<number>} A port of the loopback interface that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** A child process whose output goes to a log file, and which is killed when the benchmark ends. */
export class Service {
  /**
   * @param {string} name Also the name of its log.
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} origin
   */
  constructor(name, child, origin) {
    this.name = name;
    this.child = child;
    this.origin = origin;
    this.logPath = join(WORK, 'logs', `${name}.log`);
    /** @type {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} */
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        console.error(`${name} did not start: ${error.message}`);
        resolve({ code: null, signal: null });
      });
      child.once('exit', (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
      });
    });
  }

  /** @param {string} path */
  url(path) {
    return new URL(path, this.origin);
  }

  get pid() {
    return this.child.pid ?? 0;
  }

  /**
   * Waits until `path` answers 200.
   *
   * @param {string} path
   * @param {number} [timeoutMs]
   * @throws {Error} With the end of the log, if the process exits or the timeout passes.
   */
  async ready(path, timeoutMs = 60_000) {
    let exited = false;
    void this.exited.then(() => (exited = true));
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline && !exited) {
      const reply = await fetch(this.url(path)).catch(() => undefined);
      if (reply?.ok) return;
      await delay(READY_INTERVAL_MS);
    }
    const log = readFileSync(this.logPath, 'utf8').slice(-2000);
    const what = exited ? 'exited before it was ready' : `was not ready within ${timeoutMs} ms`;
    throw new Error(`${this.name} ${what}. Its log ends with:\n${log}`);
  }

  /** SIGTERM, then SIGKILL if the process does not exit. */
  async stop() {
    this.child.kill('SIGTERM');
    const abort = new AbortController();
    const overdue = delay(STOP_TIMEOUT_MS, 'overdue', { signal: abort.signal }).catch(() => undefined);
    if ((await Promise.race([this.exited, overdue])) === 'overdue') this.child.kill('SIGKILL');
    abort.abort();
    await this.exited;
  }
}

/**
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.command
 * @param {readonly string[]} options.args
 * @param {string} options.cwd
 * @param {Record<string, string>} options.env Added to the environment of this process.
 * @param {number} options.port
 */
export function startService({ name, command, args, cwd, env, port }) {
  const log = openSync(join(WORK, 'logs', `${name}.log`), 'w');
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  closeSync(log);
  running.add(child);
  return new Service(name, child, `http://127.0.0.1:${port}`);
}

/**
 * Runs a short program and parses the last line of its output as JSON. A failure keeps its error output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 */
export async function runForJson(command, args, env = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const [output, errors] = ['', ''].map(() => /** @type {Buffer[]} */ ([]));
  child.stdout.on('data', (chunk) => output?.push(chunk));
  child.stderr.on('data', (chunk) => errors?.push(chunk));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  running.delete(child);
  const last = Buffer.concat(output ?? [])
    .toString()
    .trim()
    .split('\n')
    .at(-1);
  if (!last) throw new Error(`${command} ${args.join(' ')} printed nothing:\n${Buffer.concat(errors ?? [])}`);
  return JSON.parse(last);
}
