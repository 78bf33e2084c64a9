import { FakeClock } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import type { GpuInfo } from './gpu-info.js';
import { GpuMonitor } from './gpu-monitor.js';

const gpu: GpuInfo = { index: 0, name: 'GPU', memoryTotalMb: 2, memoryUsedMb: 1, utilizationPercent: 50 };

describe('GpuMonitor', () => {
  it('reads once for concurrent requests', async () => {
    const list = jest.fn(() => Promise.resolve([gpu]));
    const monitor = new GpuMonitor({ list, clock: new FakeClock() });
    await expect(Promise.all([monitor.read(), monitor.read()])).resolves.toEqual([[gpu], [gpu]]);
    expect(list).toHaveBeenCalledTimes(1);
  });

  it('reads again only when the last reading is too old', async () => {
    const clock = new FakeClock();
    const list = jest.fn(() => Promise.resolve([gpu]));
    const monitor = new GpuMonitor({ list, clock, maxAgeMs: 1_000 });
    await monitor.read();
    clock.jump(999);
    await monitor.read();
    expect(list).toHaveBeenCalledTimes(1);
    clock.jump(1);
    await monitor.read();
    expect(list).toHaveBeenCalledTimes(2);
  });

  it('tries again after a reading that failed', async () => {
    const list = jest
      .fn<() => Promise<readonly GpuInfo[]>>()
      .mockRejectedValueOnce(new Error('the driver is busy'))
      .mockResolvedValueOnce([gpu]);
    const monitor = new GpuMonitor({ list, clock: new FakeClock() });
    await expect(monitor.read()).rejects.toThrow('the driver is busy');
    await expect(monitor.read()).resolves.toEqual([gpu]);
  });
});
