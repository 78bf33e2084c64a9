import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH, WORK } from './paths.mjs';

const VENV = join(WORK, 'venv');
const REQUIREMENTS = join(BENCH, 'fastapi/requirements.txt');
const STAMP = join(VENV, 'installed-requirements.txt');

/** @param {string} program */
export const inVenv = (program) => join(VENV, 'bin', program);

/** @param {string} command @param {readonly string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit ${status}`}`);
}

/** Creates the virtual environment of the Python peer, unless the existing one has exactly these requirements. */
export function prepareVenv() {
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  console.log('Installing the Python peer into bench/.work/venv (once) ...');
  run(process.env['PYTHON'] ?? 'python3', ['-m', 'venv', '--clear', VENV]);
  run(inVenv('pip'), ['install', '--quiet', '--disable-pip-version-check', '--requirement', REQUIREMENTS]);
  writeFileSync(STAMP, wanted);
}
