import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const LOCKFILE = 'package-lock.json';
/** The file that npm writes at the end of an installation; an interrupted installation has none. */
const INSTALLED = 'node_modules/.package-lock.json';
const STAMP = 'node_modules/.aerie-install';

/** Whether node_modules matches package-lock.json for this platform. */
export function isInstalled() {
  if (!existsSync(INSTALLED)) return false;
  const stamped = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : null;
  if (stamped === currentStamp()) return true;
  if (stamped !== null && !stamped.endsWith(platform())) return false;
  if (!matchesLockfile()) return false;
  markInstalled();
  return true;
}

export function markInstalled() {
  writeFileSync(STAMP, currentStamp());
}

function currentStamp() {
  return `${createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex')} ${platform()}`;
}

function platform() {
  return `${process.platform}-${process.arch}`;
}

function matchesLockfile() {
  const wanted = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(INSTALLED, 'utf8')).packages;
  return Object.entries(wanted).every(([location, entry]) => {
    if (!location.startsWith('node_modules/')) return true;
    const found = installed[location];
    if (found === undefined)
      return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return entry.link === true ? found.link === true : found.version === entry.version;
  });
}
