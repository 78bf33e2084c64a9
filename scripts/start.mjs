/** `npm start`: sets up what a fresh clone lacks, then becomes the server, in this process. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT, setUp } from './setup.mjs';

await setUp();

const main = path.join(ROOT, 'apps', 'api', 'dist', 'main.js');
// The server is not a child: a signal reaches it once, and nothing stands between. What it forks is itself, not this.
process.argv[1] = main;
await import(pathToFileURL(main).href);
