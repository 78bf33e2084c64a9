import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs a program of a setup, with its output on the terminal.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
export function setUpBy(command, args, { cwd, env = {} } = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit ${status}`}`);
}

/**
 * Creates `directory` with `make`, unless an earlier run created it the same way. An interrupted setup starts over.
 *
 * @param {string} directory
 * @param {string} recipe Its ingredients, such as versions. If they change, it is made again.
 * @param {() => void} make
 */
export function once(directory, recipe, make) {
  const stamp = join(directory, 'made-of.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === recipe) return;
  rmSync(directory, { recursive: true, force: true });
  make();
  writeFileSync(stamp, recipe);
}
