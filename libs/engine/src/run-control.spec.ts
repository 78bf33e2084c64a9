import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogger } from '@aerie/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openOrtBinding } from './native/open-binding.js';
import { newNode } from './onnx/graph/model-graph.js';
import type { OrtBinding } from './ort-binding.js';
import type { ReplicaPool } from './replica-pool.js';
import type { NamedTensors } from './tensor.js';
import { onnxModel } from './testing/onnx-models.js';
import { capacityOf, fixtureUrl } from './testing/open-thread-pool.js';
import { ThreadEngine } from './thread-engine.js';

/** Multiplies a square matrix by itself so often that a run takes seconds. */
const PRODUCTS = 300;
const SIZE = 512;

const slowModel = onnxModel({
  nodes: Array.from({ length: PRODUCTS }, (_, i) =>
    newNode({
      op: 'MatMul',
      inputs: [i === 0 ? 'x' : `y${String(i)}`, 'x'],
      output: i === PRODUCTS - 1 ? 'y' : `y${String(i + 1)}`,
    }),
  ),
  inputShape: ['N', 'N'],
});

const matrix = (size: number): NamedTensors => ({
  x: { dtype: 'float32', dims: [size, size], data: new Float32Array(size * size) },
});

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

describe('a run of the native binding', () => {
  let directory: string;
  let modelPath: string;
  let binding: OrtBinding;
  const released: bigint[] = [];
  const engines: ThreadEngine[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aerie-run-'));
    modelPath = join(directory, 'slow.onnx');
    await writeFile(modelPath, slowModel);
    const opened = await openOrtBinding({ choice: 'native', logger: new MemoryLogger() });
    const { control } = opened;
    if (control === null) throw new Error('The native binding has control over sessions.');
    binding = {
      ...opened,
      control: {
        terminateRun: (runOptions) => {
          control.terminateRun(runOptions);
        },
        allowRuns: (runOptions) => {
          control.allowRuns(runOptions);
        },
        trimMemory: () => control.trimMemory(),
        releaseSession: (session) => {
          released.push(session);
          return control.releaseSession(session);
        },
      },
    };
  });

  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    released.length = 0;
  });

  afterAll(() => rm(directory, { recursive: true }));

  async function open({ replicas = 1, stallTimeoutMs = 60_000 } = {}): Promise<
    ReplicaPool<NamedTensors, NamedTensors>
  > {
    const engine = new ThreadEngine({
      faultsAllowed: true,
      logger: new MemoryLogger(),
      cores: 1,
      gpus: () => Promise.resolve([]),
      binding,
    });
    engines.push(engine);
    return engine.open({
      model: 'slow',
      version: '1',
      modelPath,
      kernel: { moduleUrl: fixtureUrl('passthrough.kernel.mjs'), options: null },
      replicas,
      device: 'cpu',
      stallTimeoutMs,
      startTimeoutMs: 60_000,
    });
  }

  it('ends when its signal aborts, and leaves its replica ready for the next', async () => {
    const pool = await open();
    await pool.run([matrix(2)]);
    const wholeStartedAt = cpuMs();
    await pool.run([matrix(SIZE)]);
    const wholeMs = cpuMs() - wholeStartedAt;
    const caller = new AbortController();
    const startedAt = cpuMs();
    const run = pool.run([matrix(SIZE)], { signal: caller.signal });
    caller.abort(new Error('nobody waits'));
    await expect(run).rejects.toThrow('nobody waits');
    expect(cpuMs() - startedAt).toBeLessThan(wholeMs / 4);
    expect(pool.status()).toMatchObject([{ state: 'idle', restarts: 0 }]);
    await expect(pool.run([matrix(2)])).resolves.toMatchObject({ results: [{ ok: true }] });
  }, 60_000);

  it('does not start for a signal that has aborted', async () => {
    const pool = await open();
    await expect(pool.run([matrix(2)], { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    expect(pool.status()).toMatchObject([{ state: 'idle' }]);
  });

  it('ends when it takes too long, and nothing is replaced', async () => {
    const pool = await open({ stallTimeoutMs: 50 });
    await expect(pool.run([matrix(SIZE)])).rejects.toMatchObject({ code: 'WORKER_LOST' });
    expect(pool.status()).toMatchObject([{ state: 'idle', restarts: 0 }]);
    await expect(pool.run([matrix(2)])).resolves.toMatchObject({ results: [{ ok: true }] });
  }, 60_000);

  it('shares one session with the other replicas, and with those that replace them', async () => {
    const pool = await open({ replicas: 2 });
    await capacityOf(pool, 2);
    pool.injectFault('die');
    await expect(pool.run([matrix(2)])).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await capacityOf(pool, 2);
    await Promise.all([pool.run([matrix(2)]), pool.run([matrix(2)])]);
    await pool.close();
    expect(released).toHaveLength(1);
  }, 60_000);
});
