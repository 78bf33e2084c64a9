import { describe, expect, it } from '@jest/globals';
import { parseGpus } from './parse-gpus.js';

describe('parseGpus', () => {
  it('reads one GPU per line', () => {
    expect(parseGpus('0, NVIDIA H200, 143771, 512, 37\n1, Tesla T4, 15360, 0, 0\r\n')).toEqual([
      { index: 0, name: 'NVIDIA H200', memoryTotalMb: 143771, memoryUsedMb: 512, utilizationPercent: 37 },
      { index: 1, name: 'Tesla T4', memoryTotalMb: 15360, memoryUsedMb: 0, utilizationPercent: 0 },
    ]);
  });

  it('returns null for a figure that the driver does not know', () => {
    expect(parseGpus('0, NVIDIA GB10, [N/A], [Not Supported], [N/A]')).toEqual([
      { index: 0, name: 'NVIDIA GB10', memoryTotalMb: null, memoryUsedMb: null, utilizationPercent: null },
    ]);
  });

  it('keeps a comma in the name', () => {
    expect(parseGpus('0, Card, rev. 2, 10, 1, 2')[0]?.name).toBe('Card, rev. 2');
  });

  it.each(['', 'No devices were found\n', 'NVIDIA-SMI has failed, because, it, could, not\n'])(
    'finds no GPU in %j',
    (output) => {
      expect(parseGpus(output)).toEqual([]);
    },
  );
});
