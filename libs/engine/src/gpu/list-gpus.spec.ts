import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { listGpus } from './list-gpus.js';

const standIn = fileURLToPath(new URL('../../test-fixtures/nvidia-smi.mjs', import.meta.url));

describe('listGpus', () => {
  it('queries the fields that it reads', async () => {
    const [gpu] = await listGpus({ command: standIn });
    expect(gpu).toEqual({
      index: 0,
      name: '--query-gpu=index, name, memory.total, memory.used, utilization.gpu',
      memoryTotalMb: 100,
      memoryUsedMb: 10,
      utilizationPercent: 1,
    });
  });

  it('finds none if the command is missing', async () => {
    await expect(listGpus({ command: 'no-such-command-of-a-driver' })).resolves.toEqual([]);
  });

  it('finds none if the command fails', async () => {
    await expect(listGpus({ command: process.execPath })).resolves.toEqual([]);
  });

  it('rejects with the reason when it is aborted', async () => {
    const controller = new AbortController();
    const listing = listGpus({ command: standIn, signal: controller.signal });
    controller.abort(new Error('not needed any more'));
    await expect(listing).rejects.toThrow('not needed any more');
  });
});
