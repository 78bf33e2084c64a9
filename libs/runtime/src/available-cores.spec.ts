import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { availableCores } from './available-cores.js';

describe('the cores of a process', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'aerie-cores-'));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), `${text}\n`);
    }
  }

  it.each<readonly [string, number, Readonly<Record<string, string>>]>([
    ['without control groups: its affinity', 16, {}],
    ['without a quota', 16, { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': 'max 100000' }],
    ['a quota of a container', 4, { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '400000 100000' }],
    [
      'a quota of the group itself',
      2,
      { 'proc/self/cgroup': '0::/a.slice/b', 'sys/fs/cgroup/a.slice/b/cpu.max': '250000 100000' },
    ],
    [
      'a quota of a group above',
      3,
      {
        'proc/self/cgroup': '0::/a.slice/b',
        'sys/fs/cgroup/a.slice/cpu.max': '300000 100000',
        'sys/fs/cgroup/a.slice/b/cpu.max': 'max 100000',
      },
    ],
    ['less than a core', 1, { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '50000 100000' }],
    ['more than there are', 16, { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '9900000 100000' }],
    [
      'a quota of version 1',
      2,
      {
        'proc/self/cgroup': '9:memory:/\n4:cpu,cpuacct:/docker/x',
        'sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us': '200000',
        'sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us': '100000',
      },
    ],
    [
      'a quota of version 1 in a container',
      3,
      {
        'proc/self/cgroup': '4:cpu,cpuacct:/docker/x',
        'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000',
        'sys/fs/cgroup/cpu/cpu.cfs_period_us': '50000',
      },
    ],
    [
      'no quota of version 1',
      16,
      { 'proc/self/cgroup': '4:cpu:/', 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1' },
    ],
    ['files that hold something else', 16, { 'proc/self/cgroup': 'x', 'sys/fs/cgroup/cpu.max': 'x y' }],
  ])('are, with %s: %i', (...[, expected, files]) => {
    write(files);
    expect(availableCores(root, 16)).toBe(expected);
  });
});
