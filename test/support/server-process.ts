import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { seedQueue } from './queue-seed.js';
import { ROOT } from './root.js';
import { track } from './running.js';

export { ROOT } from './root.js';

/** One line of the server's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly pid: number;
  readonly [field: string]: unknown;
}

/** The surroundings of a server's start. */
export interface Surroundings {
  /** Content of `.env` in its working directory. */
  readonly envFile?: string | Buffer;
  /** Files that each of its processes may have open (`ulimit -n`). */
  readonly openFiles?: number;
  /** The umask that it inherits. */
  readonly umask?: number;
  /** Called with the data directory before the start. */
  readonly prepare?: (dataDir: string) => void;
}

interface LogWaiter {
  readonly matches: (line: LogLine) => boolean;
  readonly resolve: (line: LogLine) => void;
}

/** The real server in a separate process, on a free port. */
export class ServerProcess {
  readonly log: LogLine[] = [];
  /** Output that is not a log line: the banner and standard error. */
  text = '';
  url = '';
  readonly #child: ChildProcess;
  readonly #directory: string;
  #keep = false;
  readonly #waiters = new Set<LogWaiter>();
  readonly #exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  private constructor(
    directory: string,
    environment: Readonly<Record<string, string>>,
    { openFiles, umask }: Surroundings,
  ) {
    this.#directory = directory;
    const limits = [
      ...(openFiles === undefined ? [] : [`ulimit -n ${String(openFiles)}`]),
      ...(umask === undefined ? [] : [`umask ${umask.toString(8)}`]),
    ];
    const command = [process.execPath, join(ROOT, 'apps/api/dist/main.js')];
    // The shell becomes the server, so signals reach it.
    this.#child = spawn('/bin/sh', ['-c', [...limits, 'exec "$0" "$@"'].join(' && '), ...command], {
      cwd: this.#directory,
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: '0',
        MODEL_PATH: join(ROOT, 'models'),
        RATE_LIMIT_PREDICT: 'off',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exit = once(this.#child, 'exit').then(([code, signal]) => {
      if (!this.#keep) rmSync(this.#directory, { recursive: true, force: true });
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    this.#read();
  }

  /** Starts a server and waits until it is ready. Fails with its output if it ends before. */
  static async start(
    environment: Readonly<Record<string, string>> = {},
    surroundings: Surroundings = {},
  ): Promise<ServerProcess> {
    const server = track(await ServerProcess.#spawn(environment, surroundings));
    const { port } = await server.#orExit(server.waitForLog(({ msg }) => msg === 'listening'));
    server.url = `http://127.0.0.1:${String(port)}`;
    await server.#orExit(server.waitForLog(({ msg }) => msg === 'ready'));
    return server;
  }

  /** A separate working directory, so that no .env is read and nothing is left behind. */
  static async #spawn(
    environment: Readonly<Record<string, string>>,
    surroundings: Surroundings,
  ): Promise<ServerProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'aerie-test-'));
    await seedQueue(join(directory, 'data'));
    const { envFile, prepare } = surroundings;
    if (envFile !== undefined) writeFileSync(join(directory, '.env'), envFile);
    prepare?.(join(directory, 'data'));
    return new ServerProcess(directory, environment, surroundings);
  }

  /** Starts a server that is expected to exit. */
  static async runToExit(
    environment: Readonly<Record<string, string>>,
    surroundings: Surroundings = {},
  ): Promise<{ code: number | null; output: string; log: readonly LogLine[]; text: string }> {
    const server = await ServerProcess.#spawn(environment, surroundings);
    const { code } = await server.#exit;
    const { log, text } = server;
    return { code, log, text, output: text + log.map((line) => JSON.stringify(line)).join('\n') };
  }

  /** DATA_DIR of a server whose environment does not set it. */
  get dataDir(): string {
    return join(this.#directory, 'data');
  }

  /** Keeps the data directory after the server's end. Returns its path. */
  keepData(): string {
    this.#keep = true;
    return this.dataDir;
  }

  /** The supervisor's process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with the first line, past or future, that matches. */
  waitForLog(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const seen = this.log.find(matches);
    if (seen !== undefined) return Promise.resolve(seen);
    return new Promise((resolve) => this.#waiters.add({ matches, resolve }));
  }

  /** Sends a signal to the supervisor; `exited` tells how it ended. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  get exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#exit;
  }

  /** Stops the server and waits until it has ended. Idempotent. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.#exit;
  }

  #read(): void {
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) return;
    createInterface({ input: stdout }).on('line', (line) => {
      if (!line.startsWith('{')) this.text += `${line}\n`;
      else this.#logged(JSON.parse(line) as LogLine);
    });
    stderr.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
    });
  }

  #logged(line: LogLine): void {
    this.log.push(line);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(line)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(line);
    }
  }

  async #orExit<T>(awaited: Promise<T>): Promise<T> {
    return Promise.race([
      awaited,
      this.#exit.then(({ code }) => {
        const lines = this.log.map((line) => JSON.stringify(line)).join('\n');
        throw new Error(`The server ended with ${String(code)} before it was ready.\n${this.text}${lines}`);
      }),
    ]);
  }
}
