import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Version of the server and of the worker, whose packages share one. */
export const SERVER_VERSION = manifest.version;
