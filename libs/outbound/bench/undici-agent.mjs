/**
 * How undici's Agent behaves when callers choose the hosts: the measurements behind docs/adr/0004.
 * Needs no build and no network: `node libs/outbound/bench/undici-agent.mjs`.
 */
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';

const MAX_ORIGINS = 64;

const server = createServer((_, response) => response.end('ok'));
let open = 0;
let peak = 0;
server.on('connection', (socket) => {
  open += 1;
  peak = Math.max(peak, open);
  socket.on('close', () => (open -= 1));
});
await new Promise((resolve) => server.listen(0, '0.0.0.0', resolve));
const { port } = server.address();

/** Distinct origins that all lead to the server: the loopback range has 16 million addresses. */
const origin = (index) => `http://127.0.${index >> 8}.${(index & 255) + 1}:${port}`;

async function get(dispatcher, url, options = {}) {
  const { body } = await request(`${url}/`, { dispatcher, ...options });
  return body.text();
}

async function originsInTurn() {
  const agent = new Agent({ connections: 1, maxOrigins: MAX_ORIGINS });
  let refused = 0;
  for (let index = 0; index < 200; index++) await get(agent, origin(index)).catch(() => (refused += 1));
  console.log(`200 origins in turn, maxOrigins ${MAX_ORIGINS}, nothing else running: ${refused} refused`);
  const startedAt = performance.now();
  while (!(await get(agent, origin(201)).catch(() => null))) await pause(50);
  console.log(`a new origin is served again after ${Math.round(performance.now() - startedAt)} ms`);
  await agent.close();
}

async function openConnections() {
  const agent = new Agent({ connections: 8, maxOrigins: MAX_ORIGINS });
  peak = 0;
  const indexes = Array.from({ length: MAX_ORIGINS * 8 }, (_, index) => index % MAX_ORIGINS);
  await Promise.allSettled(indexes.map((index) => get(agent, origin(index))));
  console.log(`maxOrigins ${MAX_ORIGINS}, 8 connections each: ${peak} connections open at once`);
  await agent.close();
}

async function abortWhileConnecting() {
  const agent = new Agent({ connect: () => undefined, connections: 1 });
  const signal = AbortSignal.timeout(100);
  const outcome = get(agent, origin(1), { signal }).then(
    () => 'served',
    ({ name }) => `ended with ${name}`,
  );
  const seen = await Promise.race([outcome, pause(3_000, 'still waiting after 3 s')]);
  console.log(`a signal that aborts after 100 ms while the socket connects: ${seen}`);
  agent.destroy().catch(() => undefined);
}

async function lookupOfLiterals() {
  let called = false;
  const lookup = (_host, _options, callback) => {
    called = true;
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const agent = new Agent({ connect: { lookup } });
  await get(agent, origin(3));
  console.log(`connect.lookup for an address instead of a name: ${called ? 'called' : 'not called'}`);
  await agent.close();
}

for (const trial of [originsInTurn, openConnections, abortWhileConnecting, lookupOfLiterals]) await trial();
server.close();
server.closeAllConnections();
