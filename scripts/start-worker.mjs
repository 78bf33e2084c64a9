/** `npm run start:worker`: sets up what a fresh clone lacks, then becomes a worker, in this process. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT, setUp } from './setup.mjs';

await setUp();

const main = path.join(ROOT, 'apps', 'worker', 'dist', 'main.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
