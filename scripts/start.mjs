/** `npm start`: sets up a fresh clone if needed, then runs the server in this process. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT, setUp } from './setup.mjs';

await setUp();

const main = path.join(ROOT, 'apps', 'api', 'dist', 'main.js');
// The server runs in this process, not in a child, so that a signal reaches it once. It forks its own script, not this one.
process.argv[1] = main;
await import(pathToFileURL(main).href);
