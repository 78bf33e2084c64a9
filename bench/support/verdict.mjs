import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORK } from './paths.mjs';

/**
 * Prints whether each target is met, saves the figures, and makes the process exit with 1 if a target is missed.
 *
 * @param {string} name Of the file in bench/.work.
 * @param {unknown} figures
 * @param {readonly { target: string, met: boolean }[]} targets
 */
export function conclude(name, figures, targets) {
  for (const { target, met } of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  if (targets.some(({ met }) => !met)) process.exitCode = 1;
  writeFileSync(join(WORK, `${name}.json`), JSON.stringify({ figures, targets }, undefined, 2));
  console.log(`All figures: bench/.work/${name}.json`);
}
