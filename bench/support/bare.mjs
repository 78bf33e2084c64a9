import { join } from 'node:path';
import { SENTENCE } from './cases.mjs';
import { IMAGES } from './images.mjs';
import { BENCH } from './paths.mjs';
import { runForJson } from './process.mjs';
import { inVenv } from './venv.mjs';

/** Decode and run in two threads of Node, without HTTP. @param {readonly string[]} work @param {number} seconds */
export const nodeLoop = (work, seconds) =>
  runForJson(process.execPath, [join(BENCH, 'bare/node-loop.mjs'), ...work, '--seconds', String(seconds)]);

/** The same in two Python processes. @param {readonly string[]} work @param {number} seconds */
export const pythonLoop = (work, seconds) =>
  runForJson(
    inVenv('python'),
    ['-B', join(BENCH, 'bare/python_loop.py'), ...work, '--seconds', String(seconds)],
    {
      SENTENCE,
    },
  );

/**
 * The bare loops that run once, for the record.
 *
 * @param {number} seconds For each.
 * @returns {Promise<{ loop: string, perSecond: number }[]>}
 */
export async function bareLoops(seconds) {
  const [small, big] = [IMAGES['/640.jpg'], IMAGES['/12mp.jpg']];
  /** @type {[string, typeof nodeLoop, string[]][]} */
  const loops = [
    ['node predict 640 px', nodeLoop, ['predict', small]],
    ['node predict 12 MP', nodeLoop, ['predict', big]],
    ['node embed, batches of 1', nodeLoop, ['embed', '1']],
    ['node embed, batches of 32', nodeLoop, ['embed', '32']],
    ['python predict 640 px', pythonLoop, ['predict', small]],
    ['python predict 12 MP', pythonLoop, ['predict', big]],
    ['python predict 12 MP, draft', pythonLoop, ['predict-draft', big]],
    ['python embed, batches of 1', pythonLoop, ['embed', '1']],
    ['python embed, batches of 32', pythonLoop, ['embed', '32']],
  ];
  const results = [];
  for (const [loop, run, work] of loops) {
    const { perSecond } = await run(work, seconds);
    console.log(`bare: ${loop}: ${perSecond.toFixed(1)}/s`);
    results.push({ loop, perSecond });
  }
  return results;
}
