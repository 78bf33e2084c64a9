import { FakeClock } from '@aerie/test-support';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ReplicaPool } from './replica-pool.js';
import {
  capacityOf,
  createThreadEngine,
  type DoublingItem,
  doublingPool,
  gatedItem,
  type ThreadPoolSetup,
} from './testing/open-thread-pool.js';
import type { ThreadEngine } from './thread-engine.js';

type Pool = ReplicaPool<DoublingItem, Float32Array | null>;

const engines: ThreadEngine[] = [];

async function open(setup: ThreadPoolSetup = {}) {
  const { engine, logger } = createThreadEngine(setup);
  engines.push(engine);
  const pool: Pool = await engine.open(doublingPool(setup.pool), setup.signal);
  return { engine, logger, pool };
}

async function double(pool: Pool, value: number): Promise<unknown> {
  const { results } = await pool.run([{ values: new Float32Array([value]) }]);
  return results;
}

const doubled = (value: number) => [{ ok: true, value: new Float32Array([value * 2]) }];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

describe('a batch on a thread', () => {
  it('returns results in the order of the items, with the time of each stage', async () => {
    const { pool } = await open();
    const values = new Float32Array([1, 2]);
    const { results, times } = await pool.run(
      [{ values }, { refuse: 'too blurred' }, { values: new Float32Array([5]) }],
      { transfer: [values.buffer] },
    );
    expect(values).toHaveLength(0);
    expect(results).toEqual([
      { ok: true, value: new Float32Array([2, 4]) },
      { ok: false, code: 'INVALID_INPUT', message: 'too blurred' },
      { ok: true, value: new Float32Array([10]) },
    ]);
    expect(Object.keys(times)).toEqual(['preprocessMs', 'computeMs', 'postprocessMs']);
    for (const ms of Object.values(times)) expect(ms).toBeGreaterThan(0);
  });

  it('does not run the model if the kernel has no items left', async () => {
    const { pool } = await open();
    const { results } = await pool.run([{ refuse: 'no' }]);
    expect(results).toEqual([{ ok: false, code: 'INVALID_INPUT', message: 'no' }]);
  });

  it('knows the inputs and outputs of the model', async () => {
    const { pool } = await open();
    expect(pool.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch'] }]);
    expect(pool.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['batch'] }]);
  });
});

describe('a batch that fails', () => {
  it('is INTERNAL and reveals no files to callers, and the replica continues', async () => {
    const { pool } = await open();
    const error: unknown = await double(pool, -1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'INTERNAL',
      message: '"doubling@1" failed to process the request',
      cause: { message: 'the session failed at /secret/model.onnx' },
    });
    expect(pool.status()).toMatchObject([{ state: 'idle', restarts: 0 }]);
    await expect(double(pool, 4)).resolves.toEqual(doubled(4));
  });

  it.each([
    ['results that cannot be sent', { unsendable: true }],
    ['items that cannot be sent', { refuse: (() => undefined) as unknown as string }],
  ])('is INTERNAL for %s, and the replica continues', async (_case, item) => {
    const { pool } = await open();
    await expect(pool.run([item])).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(double(pool, 4)).resolves.toEqual(doubled(4));
  });
});

describe('injected faults', () => {
  it('throw: fails the next batch only', async () => {
    const { pool } = await open();
    pool.injectFault('throw');
    await expect(double(pool, 1)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(double(pool, 1)).resolves.toEqual(doubled(1));
  });

  it('die: fails only the batch of that thread; capacity drops and returns', async () => {
    const { pool } = await open({ pool: { replicas: 2 } });
    await capacityOf(pool, 2);
    const { item, letGo } = gatedItem();
    const neighbor = pool.run([item]);
    pool.injectFault('die');
    await expect(double(pool, 1)).rejects.toMatchObject({ code: 'WORKER_LOST', retryable: true });
    expect(pool.capacity).toBe(1);
    letGo();
    await expect(neighbor).resolves.toMatchObject({ results: [{ ok: true, value: null }] });
    await capacityOf(pool, 2);
    expect(pool.status().map(({ restarts }) => restarts)).toContain(1);
    await expect(double(pool, 3)).resolves.toEqual(doubled(3));
  });

  it('hang: fails the batch after the stall timeout, and a replacement serves', async () => {
    const clock = new FakeClock();
    const { pool } = await open({ clock });
    pool.injectFault('hang');
    const hanging = double(pool, 1);
    clock.jump(60_000);
    expect(pool.status()).toMatchObject([{ state: 'wedged', restarts: 1 }]);
    await expect(hanging).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await capacityOf(pool, 1);
    await expect(double(pool, 3)).resolves.toEqual(doubled(3));
  });

  it('hang: is also detected by the real clock', async () => {
    const { pool } = await open({ pool: { stallTimeoutMs: 200 } });
    pool.injectFault('hang');
    await expect(double(pool, 1)).rejects.toMatchObject({ code: 'WORKER_LOST' });
  });

  it('are refused unless they are allowed', async () => {
    const { pool } = await open({ faultsAllowed: false });
    expect(() => {
      pool.injectFault('crash');
    }).toThrow('Faults are not allowed');
    await expect(double(pool, 1)).resolves.toEqual(doubled(1));
  });
});

describe('opening', () => {
  it('fails with MODEL_NOT_LOADED for a model that does not load, without its path in the message', async () => {
    const opening = open({ pool: { modelPath: '/models/broken/model.onnx' } });
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      message: '"doubling@1" could not be loaded',
      cause: { message: 'cannot read /models/broken/model.onnx' },
    });
  });

  it('fails with MODEL_NOT_LOADED for a module that is not a kernel', async () => {
    const opening = open({ pool: { kernel: { moduleUrl: 'node:path', options: null } } });
    await expect(opening).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
  });

  it('runs the trial items before the replica is ready', async () => {
    const { pool } = await open({ pool: { trialItems: [{ values: new Float32Array([1]) }] } });
    await expect(double(pool, 4)).resolves.toEqual(doubled(4));
  });

  it.each([
    [
      'a trial run that fails',
      { values: new Float32Array([-1]) },
      'the session failed at /secret/model.onnx',
    ],
    ['a trial item that is refused', { refuse: 'too long' }, 'an item was refused: too long'],
  ])('fails with MODEL_NOT_LOADED for %s', async (_case, item, detail) => {
    await expect(open({ pool: { trialItems: [item] } })).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      cause: { name: 'AerieError', message: "the model's trial run failed", cause: { message: detail } },
    });
  });

  it("passes on the kernel's reason why a model does not fit", async () => {
    const trialItems = [{ misfit: 'the model has 3 classes, but there are 2 labels' }];
    await expect(open({ pool: { trialItems } })).rejects.toMatchObject({
      cause: { name: 'AerieError', message: 'the model has 3 classes, but there are 2 labels' },
    });
  });

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    const opening = open({ pool: { modelPath: '/models/slow/model.onnx' }, signal: controller.signal });
    setImmediate(() => {
      controller.abort(new Error('not wanted any more'));
    });
    await expect(opening).rejects.toThrow('not wanted any more');
  });

  it('stops when the engine is closed', async () => {
    const { engine } = createThreadEngine();
    const opening = engine.open(doublingPool({ modelPath: '/models/slow/model.onnx' }));
    setImmediate(() => void engine.close());
    await expect(opening).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
    await expect(engine.open(doublingPool())).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it("falls back to the CPU if the GPU's execution provider does not work, and says so once", async () => {
    const gpus = [0, 1].map((index) => ({
      index,
      name: 'GPU',
      memoryTotalMb: 1,
      memoryUsedMb: 0,
      utilizationPercent: 0,
    }));
    const { pool, logger } = await open({ gpus, pool: { device: 'auto', replicas: 2 } });
    await capacityOf(pool, 2);
    expect(pool.status()).toMatchObject([
      { provider: 'cpu', deviceId: null },
      { provider: 'cpu', deviceId: null },
    ]);
    expect(logger.of('warn')).toMatchObject([
      {
        fields: {
          model: 'doubling',
          version: '1',
          provider: 'cpu',
          failures: [{ provider: 'cuda', err: { message: 'cuda is not available' } }],
        },
      },
    ]);
  });

  it('says that there is no GPU if one was requested', async () => {
    const { logger } = await open({ pool: { device: 'gpu' } });
    expect(logger.of('warn').map(({ message }) => message)).toEqual([
      'A GPU was requested but none is available; running on the CPU',
    ]);
  });
});

describe('closing', () => {
  it('waits for the running batch, releases the sessions and ends the threads', async () => {
    const released = new Int32Array(new SharedArrayBuffer(4));
    const kernel = { moduleUrl: doublingPool().kernel.moduleUrl, options: { released } };
    const { pool, logger } = await open({ pool: { replicas: 2, kernel } });
    await capacityOf(pool, 2);
    const { item, letGo } = gatedItem();
    const running = pool.run([item]);
    const closing = pool.close();
    await expect(double(pool, 1)).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
    letGo();
    await expect(running).resolves.toMatchObject({ results: [{ ok: true }] });
    await closing;
    expect(Atomics.load(released, 0)).toBe(2);
    expect(pool.status().map(({ state }) => state)).toEqual(['closed', 'closed']);
    expect(logger.of('warn')).toEqual([]);
  });

  it('is idempotent, and the engine closes its pools', async () => {
    const { engine, pool } = await open();
    await Promise.all([engine.close(), pool.close(), engine.close()]);
    expect(pool.status()).toMatchObject([{ state: 'closed' }]);
  });
});
