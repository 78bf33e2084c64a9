import { AerieError } from '@aerie/contracts';
import { describe, expect, it } from '@jest/globals';
import type { ReplicaPoolOptions } from '../engine.js';
import { FakeEngine } from './fake-engine.js';
import { FakeReplicaPool } from './fake-replica-pool.js';

const options: ReplicaPoolOptions = {
  name: 'm@1',
  modelPath: '/m.onnx',
  kernel: { moduleUrl: 'file:///k.js', options: null },
  device: 'cpu',
  stallTimeoutMs: 1,
  startTimeoutMs: 1,
};

function lengthPool() {
  return FakeReplicaPool.answering((text: string) => {
    if (text === '') throw new AerieError('INVALID_INPUT', 'empty');
    return text.length;
  });
}

describe('FakeReplicaPool', () => {
  it('answers item by item, refuses single items, and records the batches', async () => {
    const pool = lengthPool();
    const { results } = await pool.run(['abc', '']);
    expect(results).toEqual([
      { ok: true, value: 3 },
      { ok: false, code: 'INVALID_INPUT', message: 'empty' },
    ]);
    expect(pool.batches).toEqual([['abc', '']]);
  });

  it('fails one batch per failure that was asked for', async () => {
    const pool = lengthPool();
    pool.failNext(new AerieError('WORKER_LOST', 'gone'));
    await expect(pool.run(['a'])).rejects.toMatchObject({ code: 'WORKER_LOST' });
    await expect(pool.run(['a'])).resolves.toMatchObject({ results: [{ value: 1 }] });
  });

  it('tells listeners of its capacity until they stop listening', () => {
    const pool = lengthPool();
    const heard: number[] = [];
    const stop = pool.onCapacityChange((capacity) => heard.push(capacity));
    pool.setCapacity(0);
    stop();
    pool.setCapacity(2);
    expect(heard).toEqual([0]);
    expect(pool.status()).toHaveLength(2);
  });
});

describe('FakeEngine', () => {
  it('opens what the factory makes, and closes it', async () => {
    const pool = lengthPool();
    const engine = new FakeEngine(() => pool);
    await expect(engine.open(options)).resolves.toBe(pool);
    expect(engine.opened).toEqual([options]);
    await engine.close();
    await expect(pool.run(['a'])).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
  });

  it('fails to open when the factory does', async () => {
    const engine = new FakeEngine(() => {
      throw new AerieError('MODEL_NOT_LOADED', 'broken');
    });
    await expect(engine.open(options)).rejects.toMatchObject({ code: 'MODEL_NOT_LOADED' });
  });
});
