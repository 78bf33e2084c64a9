import { readdirSync, readFileSync } from 'node:fs';

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process ended between the listing and the reading.
  }
}

/**
 * Direct child processes of `pid`. Linux only.
 *
 * @param {number} pid
 * @returns {number[]}
 */
export function childrenOf(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      // The second field is a name in parentheses, which may contain anything.
      const stat = readIfThere(`/proc/${name}/stat`);
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
    })
    .map(Number);
}

/** Resident memory of one process, in megabytes (10^6). @param {number} pid */
export function residentMegabytes(pid) {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1];
  return (Number(kibibytes ?? NaN) * 1024) / 1e6;
}

/** The processes that serve HTTP: the supervisor's children, or the process itself where it has none. @param {number} pid */
export function httpProcesses(pid) {
  const children = childrenOf(pid);
  return children.length > 0 ? children : [pid];
}
