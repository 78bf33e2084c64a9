import { fileURLToPath } from 'node:url';
import { MemoryLogger } from '@aerie/test-support';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { NamedTensors } from '../tensor.js';
import { openOrtBinding } from '../native/open-binding.js';
import { fixtureUrl } from '../testing/open-thread-pool.js';
import { ThreadEngine } from '../thread-engine.js';

const logger = new MemoryLogger();
const engine = new ThreadEngine({
  faultsAllowed: false,
  logger,
  cores: 1,
  gpus: () => Promise.resolve([]),
  binding: await openOrtBinding({ choice: 'node', logger }),
});

function open(model: string, stallTimeoutMs = 60_000) {
  return engine.open<NamedTensors, NamedTensors>({
    model: model.slice(0, -2),
    version: model.slice(-1),
    modelPath: fileURLToPath(new URL(`../../../../models/${model}/model.onnx`, import.meta.url)),
    kernel: { moduleUrl: fixtureUrl('passthrough.kernel.mjs'), options: null },
    device: 'cpu',
    stallTimeoutMs,
    startTimeoutMs: 60_000,
  });
}

afterAll(() => engine.close());

describe('a model on ONNX Runtime', () => {
  it('runs in a thread and returns probabilities', async () => {
    const pool = await open('efficientnet-lite0/2');
    expect(pool.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['batch', 3, 224, 224] }]);
    const image = {
      dtype: 'float32',
      dims: [1, 3, 224, 224],
      data: new Float32Array(3 * 224 * 224),
    } as const;
    const { results, times } = await pool.run([{ image }], { transfer: [image.data.buffer] });
    const [result] = results;
    if (result?.ok !== true) throw new Error('The model refused the image.');
    const { probabilities } = result.value;
    expect(probabilities).toMatchObject({ dtype: 'float32', dims: [1, 1000] });
    const sum = (probabilities?.data as Float32Array).reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(1, 4);
    expect(times.computeMs).toBeGreaterThan(0);
    expect(pool.status()).toMatchObject([{ provider: 'cpu', deviceId: null }]);
  });

  it('finds its weights in files beside it', async () => {
    const pool = await open('smollm2-135m-instruct/1');
    expect(pool.inputs.length).toBeGreaterThan(0);
    await pool.close();
  });

  it('may be abandoned in the middle of a run, and the process survives', async () => {
    const pool = await open('efficientnet-lite0/2', 20);
    const data = new Float32Array(16 * 3 * 224 * 224);
    const image = { dtype: 'float32', dims: [16, 3, 224, 224], data } as const;
    await expect(pool.run([{ image }], { transfer: [data.buffer] })).rejects.toMatchObject({
      code: 'WORKER_LOST',
    });
    // Waits for the thread, which ends when its run returns: terminated inside it, it would abort the process.
    await pool.close();
    expect(pool.status()).toMatchObject([{ state: 'closed' }]);
  });

  it('is MODEL_NOT_LOADED if the file does not exist', async () => {
    await expect(open('no-such-model/1')).rejects.toMatchObject({
      code: 'MODEL_NOT_LOADED',
      message: '"no-such-model@1" could not be loaded',
    });
  });
});
