/** `npm run start:worker`: sets up a fresh clone if needed, then runs the worker in this process. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT, setUp } from './setup.mjs';

await setUp();

const main = path.join(ROOT, 'apps', 'worker', 'dist', 'main.js');
process.argv[1] = main;
await import(pathToFileURL(main).href);
