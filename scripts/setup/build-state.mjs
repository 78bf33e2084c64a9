import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const STAMP = 'node_modules/.aerie-build';

/** Whether the packages' dist folders were built from the current sources. */
export function isBuilt() {
  if (!existsSync(STAMP)) return false;
  if (!packages().every((folder) => existsSync(path.join(folder, 'dist', '.tsbuildinfo')))) return false;
  return readFileSync(STAMP, 'utf8') === buildStamp();
}

export function markBuilt(stamp) {
  writeFileSync(STAMP, stamp);
}

export function forgetBuild() {
  rmSync(STAMP, { force: true });
}

/** A fingerprint of every file that a build reads: names, sizes and times of sources and configuration, and the lockfile. */
export function buildStamp() {
  const hash = createHash('sha256');
  const add = (file) => {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  };
  for (const file of ['tsconfig.json', 'tsconfig.base.json']) add(file);
  hash.update(readFileSync('package-lock.json'));
  for (const folder of packages()) {
    add(path.join(folder, 'tsconfig.json'));
    add(path.join(folder, 'package.json'));
    for (const file of sources(path.join(folder, 'src'))) add(file);
  }
  return hash.digest('hex');
}

/** The packages that `tsc -b` builds. */
function packages() {
  return JSON.parse(readFileSync('tsconfig.json', 'utf8')).references.map((reference) =>
    path.normalize(reference.path),
  );
}

function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .sort()
    .map((name) => path.join(folder, name));
}
