import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

/**
 * CPU cores that this process may keep busy, at least 1: those of its affinity, and of its control group's CPU quota as
 * containers have it, rounded down. Node itself reads the quota only from Node 22 on.
 *
 * The files are those of cgroup v2 (`cpu.max`) and v1 (`cpu.cfs_quota_us`) in
 * https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/scheduler/sched-bwc.html.
 *
 * @param root Folder with `proc` and `sys`. Default: this machine's.
 */
export function availableCores(root = '/', parallelism: number = availableParallelism()): number {
  const quotas = groupFolders(root).map(quotaOf);
  return Math.max(1, Math.floor(Math.min(parallelism, ...quotas)));
}

/** The folders of the control groups that limit this process: each limits what is below it, too. */
function groupFolders(root: string): readonly string[] {
  const mount = path.join(root, 'sys/fs/cgroup');
  return lines(path.join(root, 'proc/self/cgroup')).flatMap((line) => {
    const [number, controllers = '', group = '/'] = line.split(':');
    if (number !== '0' && !controllers.split(',').includes('cpu')) return [];
    const top = number === '0' ? mount : path.join(mount, controllers);
    // Without a namespace of its own, a container's group is the top of what it sees, whatever its path says.
    const folders = [top, path.join(mount, 'cpu')];
    for (let folder = path.join(top, group); folder.startsWith(`${top}/`); folder = path.dirname(folder))
      folders.push(folder);
    return folders;
  });
}

function quotaOf(folder: string): number {
  const [max = 'max', period = '100000'] = lines(path.join(folder, 'cpu.max'))[0]?.split(' ') ?? [];
  const quota = lines(path.join(folder, 'cpu.cfs_quota_us'))[0] ?? '-1';
  const quotaPeriod = lines(path.join(folder, 'cpu.cfs_period_us'))[0] ?? '100000';
  return Math.min(cores(max, period), cores(quota, quotaPeriod));
}

/** Infinity without a quota: `max` in v2, -1 in v1. */
function cores(quota: string, period: string): number {
  const value = Number(quota) / Number(period);
  return value > 0 ? value : Infinity;
}

function lines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}
