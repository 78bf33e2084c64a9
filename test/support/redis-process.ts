import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { track } from './running.js';

const BINARY = 'redis-server';

/** Whether this machine can run a Redis. */
export const HAS_REDIS = spawnSync(BINARY, ['--version']).status === 0;

/** A separate Redis with an append-only file. */
export class RedisProcess {
  readonly url: string;
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(port: number, directory: string) {
    this.url = `redis://127.0.0.1:${String(port)}`;
    this.#directory = directory;
    this.#child = spawn(
      BINARY,
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        directory,
        '--appendonly',
        'yes',
        '--save',
        '',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    this.#exit = once(this.#child, 'exit').then(() => {
      this.removeDirectory();
    });
  }

  /** Resolves when it accepts connections. */
  static async start(): Promise<RedisProcess> {
    const redis = track(new RedisProcess(await freePort(), mkdtempSync(join(tmpdir(), 'aerie-redis-'))));
    const { stdout } = redis.#child;
    if (stdout === null) throw new Error('Redis has no output.');
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
      void redis.#exit.then(() => {
        reject(new Error('Redis ended before it was ready.'));
      });
    });
    return redis;
  }

  /** Removes its directory. It keeps running but cannot create files. */
  removeDirectory(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Stops it by a signal. It keeps its connections but does not answer, like in a network partition. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it, even if it is frozen. Idempotent. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
