/** A separate process that serves images from memory over keep-alive connections; reports its port by IPC. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [, , ...pairs] = process.argv;
const files = new Map(
  pairs.map((pair) => {
    const [path = '', file = ''] = pair.split('=');
    return [path, readFileSync(file)];
  }),
);

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const bytes = files.get(request.url ?? '');
  if (request.url === '/page')
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>no image</p>');
  else if (!bytes) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': bytes.length }).end(bytes);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
});
process.on('disconnect', () => process.exit(0));
