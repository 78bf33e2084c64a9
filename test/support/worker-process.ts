import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './root.js';
import { track } from './running.js';

/** A worker in a separate process. */
export class WorkerProcess {
  url = '';
  output = '';
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [join(ROOT, 'apps/worker/dist/main.js')], {
      cwd: '/',
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        WORKER_PORT: '0',
        MODEL_PATH: join(ROOT, 'models'),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exit = once(this.#child, 'exit').then(([code]) => code as number | null);
  }

  /** Starts a worker and waits until it takes jobs. */
  static async start(environment: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const worker = track(new WorkerProcess(environment));
    const { stdout, stderr } = worker.#child;
    if (stdout === null || stderr === null) throw new Error('The worker has no output.');
    stderr.on('data', (chunk: Buffer) => {
      worker.output += chunk.toString();
    });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: stdout }).on('line', (line) => {
        worker.output += `${line}\n`;
        const { msg, port } = JSON.parse(line) as { msg?: string; port?: number };
        if (msg !== 'working') return;
        worker.url = `http://127.0.0.1:${String(port)}`;
        resolve();
      });
      void worker.#exit.then(() => {
        reject(new Error(`The worker ended before it worked.\n${worker.output}`));
      });
    });
    return worker;
  }

  /** Runs a worker that is expected to exit. */
  static async runToExit(
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const worker = new WorkerProcess(environment);
    for (const stream of [worker.#child.stdout, worker.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        worker.output += chunk.toString();
      });
    }
    return { code: await worker.#exit, output: worker.output };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exit;
  }
}
