/**
 * Clients that request long texts and disconnect: how soon the next request is served, and whether memory stays flat.
 *
 *   node bench/leavers.mjs [--clients 200] [--rounds 40] [--leave-after 0.3]
 */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PROMPTS } from './support/generation-prompts.mjs';
import { startGenerationServer } from './support/generation-server.mjs';
import { httpProcesses, residentMegabytes } from './support/memory.mjs';
import { short } from './support/report.mjs';
import { histogram } from './support/statistics.mjs';
import { streamChat } from './support/streaming-client.mjs';
import { conclude } from './support/verdict.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '40' },
    'leave-after': { type: 'string', default: '0.3' },
  },
});
const clients = Number(values.clients);
const rounds = Number(values.rounds);
const leaveAfterMs = Number(values['leave-after']) * 1000;
const NEXT_LIMIT_MS = 2000;
const MEMORY_LIMIT_MB = 50;
/** Share of the rounds until buffers and the JavaScript heap have reached their size. */
const WARM_UP = 0.25;

/** @param {string} content @param {number} maxTokens */
const chat = (content, maxTokens) => ({
  model: 'smollm2-135m-instruct',
  messages: [{ role: 'user', content }],
  max_tokens: maxTokens,
  logit_bias: { 2: -100 },
});

/**
 * Requests a text of 1,000 tokens and closes the connection after a while.
 *
 * @param {URL} url
 * @param {number} number
 * @returns {Promise<string>} The part of the response received by then.
 */
function leave(url, number) {
  const content = `${PROMPTS[number % PROMPTS.length]} This is question ${number}.`;
  const bytes = Buffer.from(JSON.stringify({ ...chat(content, 1000), stream: true }));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  return new Promise((resolve) => {
    let came = 'nothing yet';
    const sent = request(url, { method: 'POST', agent: false, headers }, (reply) => {
      if (reply.statusCode !== 200) came = String(reply.statusCode);
      reply.on('data', () => {
        if (reply.statusCode === 200) came = 'a part of the text';
      });
      reply.on('error', () => undefined); // The connection is closed on purpose.
    });
    sent.on('error', () => undefined);
    sent.on('close', () => {
      resolve(came);
    });
    sent.end(bytes);
    setTimeout(() => sent.destroy(), leaveAfterMs);
  });
}

const server = await startGenerationServer({ reuse: false });
try {
  const [pid = 0] = httpProcesses(server.pid);
  const url = server.url('/v1/chat/completions');
  await streamChat(url, chat('Hello!', 10));
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const came = await Promise.all(
      Array.from({ length: clients }, (_, number) => leave(url, round * clients + number)),
    );
    const { totalMs } = await streamChat(url, chat(`What is ${round} and ${round}?`, 10));
    await delay(1000);
    const megabytes = residentMegabytes(pid);
    results.push({ came: histogram(came), nextMs: totalMs, megabytes });
    console.log(
      `round ${round + 1}: next request ${short(totalMs)} ms, memory ${short(megabytes)} MB, ${JSON.stringify(histogram(came))}`,
    );
  }
  const slowestMs = Math.max(...results.map(({ nextMs }) => nextMs));
  // The heap fills and is collected every few rounds, so its lows show what stays allocated.
  const settled = results.slice(Math.floor(rounds * WARM_UP)).map(({ megabytes }) => megabytes);
  const half = Math.ceil(settled.length / 2);
  const [lowBefore, lowAfter] = [Math.min(...settled.slice(0, half)), Math.min(...settled.slice(half))];
  const growth = lowAfter - lowBefore;
  console.log(
    `\nmemory of the settled rounds: ${short(Math.min(...settled))} to ${short(Math.max(...settled))} MB, ` +
      `lowest in their first half ${short(lowBefore)}, in their second ${short(lowAfter)}\n`,
  );
  conclude('leavers', results, [
    { target: `the next request ends within 2 s: ${short(slowestMs)} ms`, met: slowestMs <= NEXT_LIMIT_MS },
    {
      target: `memory is flat, ${growth.toFixed(0)} MB between the lows of both halves`,
      met: growth <= MEMORY_LIMIT_MB,
    },
    {
      target: 'every client was accepted',
      met: results.every(({ came }) => Object.keys(came).every((what) => !/^\d/.test(what))),
    },
  ]);
} finally {
  await server.stop();
}
