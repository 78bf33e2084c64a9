import { describe, expect, it } from '@jest/globals';
import type { GpuInfo } from '../gpu/gpu-info.js';
import { attemptsOfReplica, gpusInUse, resolveProviders } from './resolve-providers.js';

const linux = { os: 'linux', arch: 'x64' };
const gpus: readonly GpuInfo[] = [0, 3].map((index) => ({
  index,
  name: 'GPU',
  memoryTotalMb: 1,
  memoryUsedMb: 0,
  utilizationPercent: 0,
}));

describe('resolveProviders', () => {
  it.each([
    { os: 'linux', arch: 'x64', gpus, device: 'auto', expected: ['cuda', 'cpu'] },
    { os: 'linux', arch: 'arm64', gpus, device: 'auto', expected: ['cuda', 'cpu'] },
    { os: 'linux', arch: 'riscv64', gpus, device: 'auto', expected: ['cpu'] },
    { os: 'linux', arch: 'x64', gpus: [], device: 'auto', expected: ['cpu'] },
    { os: 'linux', arch: 'x64', gpus: [], device: 'gpu', expected: ['cpu'] },
    { os: 'linux', arch: 'x64', gpus, device: 'cpu', expected: ['cpu'] },
    { os: 'darwin', arch: 'arm64', gpus: [], device: 'auto', expected: ['cpu'] },
    { os: 'darwin', arch: 'arm64', gpus: [], device: 'gpu', expected: ['coreml', 'cpu'] },
    { os: 'win32', arch: 'x64', gpus: [], device: 'auto', expected: ['cpu'] },
    { os: 'win32', arch: 'x64', gpus, device: 'auto', expected: ['dml', 'cpu'] },
    { os: 'win32', arch: 'x64', gpus: [], device: 'gpu', expected: ['dml', 'cpu'] },
  ] as const)('on $os $arch with device $device tries $expected', ({ os, arch, gpus, device, expected }) => {
    expect(resolveProviders({ platform: { os, arch }, gpus, device, requested: undefined })).toEqual(
      expected,
    );
  });

  it("prefers the model's list to that of the device", () => {
    const resolve = (requested: readonly string[]): readonly string[] =>
      resolveProviders({ platform: linux, gpus, device: 'cpu', requested });
    expect(resolve(['tensorrt', 'cuda', 'tensorrt'])).toEqual(['tensorrt', 'cuda', 'cpu']);
    expect(resolve(['cpu', 'cuda'])).toEqual(['cpu']);
    expect(resolve([])).toEqual(['cpu']);
  });
});

describe('attemptsOfReplica', () => {
  it('distributes the replicas over the GPUs in turn, by the index of the driver', () => {
    const ids = [0, 1, 2].map((index) => attemptsOfReplica(['cuda', 'cpu'], gpus, index)[0]?.deviceId);
    expect(ids).toEqual([0, 3, 0]);
  });

  it('names no device if the provider uses none', () => {
    expect(attemptsOfReplica(['coreml', 'cpu'], gpus, 0)).toEqual([
      { name: 'coreml', deviceId: null },
      { name: 'cpu', deviceId: null },
    ]);
  });

  it('uses the first device if none is listed', () => {
    expect(attemptsOfReplica(['cuda'], [], 1)).toEqual([{ name: 'cuda', deviceId: 0 }]);
  });
});

describe('gpusInUse', () => {
  it('counts the GPUs that the first choice uses', () => {
    expect(gpusInUse(['cuda', 'cpu'], gpus)).toBe(2);
    expect(gpusInUse(['cuda', 'cpu'], [])).toBe(1);
    expect(gpusInUse(['coreml', 'cpu'], gpus)).toBe(1);
    expect(gpusInUse(['cpu'], gpus)).toBe(0);
  });
});
