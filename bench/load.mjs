/**
 * A light closed-loop load generator: prints one JSON line, and exits with 1 if any response was not 2xx.
 *
 *   node bench/load.mjs --url http://127.0.0.1:8000/api/v1/embed --body-file body.json --concurrency 32 --seconds 5
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureLoad } from './support/closed-loop.mjs';
import { requestBytes } from './support/http-connection.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    body: { type: 'string' },
    'body-file': { type: 'string' },
    concurrency: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '1' },
  },
});
if (!values.url) throw new Error('--url is required, such as http://127.0.0.1:8000/api/v1/embed');
const url = new URL(values.url);
const body = values['body-file'] === undefined ? values.body : readFileSync(values['body-file'], 'utf8');
const result = await measureLoad({
  url,
  bytes: requestBytes({ url, ...(body === undefined ? {} : { body }) }),
  clients: Number(values.concurrency),
  warmUpSeconds: Number(values['warm-up']),
  seconds: Number(values.seconds),
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = result.failed > 0 ? 1 : 0;
