/**
 * The gain of the graph passes (ADR 5): each model unchanged and as rewritten by the engine, in turn, on one thread; and
 * how far the vectors of the text model move for the paragraphs of docs/.
 *
 *   node libs/engine/bench/graph-passes.mjs [--rounds 5] [--runs 40]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Tokenizer } from '@huggingface/tokenizers';
import * as ort from 'onnxruntime-node';
import { optimizeGraph } from '../dist/onnx/graph/optimize-graph.js';
import { integerProductsMaySaturate } from '../dist/onnx/vnni.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, runs: { type: 'string', default: '40' } },
});
const ROOT = new URL('../../../', import.meta.url);
const TOKENS = 9;
const MAX_TOKENS = 256;
const median = (/** @type {number[]} */ all) => all.toSorted((a, b) => a - b)[all.length >> 1];
const read = (/** @type {string} */ path) => readFileSync(fileURLToPath(new URL(path, ROOT)));
const json = (/** @type {string} */ path) => JSON.parse(read(path).toString());
const int64 = (/** @type {bigint[]} */ all, /** @type {number[]} */ dims) =>
  new ort.Tensor('int64', BigInt64Array.from(all), dims);

/** The session of the file, and that of the rewritten model, as the engine opens both. @param {string} path */
async function sessions(path) {
  const bytes = read(path);
  const options = { intraOpNumThreads: 1, graphOptimizationLevel: /** @type {const} */ ('all') };
  const passes = { dynamicQuantization: true, unsignedWeights: integerProductsMaySaturate() };
  const rewritten = optimizeGraph(bytes, passes) ?? bytes;
  const extra = { optimization: { disable_specified_optimizers: 'SkipLayerNormFusion' } };
  return {
    file: await ort.InferenceSession.create(bytes, options),
    rewritten: await ort.InferenceSession.create(rewritten, { ...options, extra }),
  };
}

/** @param {number[][]} rows token ids, equally many a row */
function textFeeds(rows) {
  const dims = [rows.length, rows[0].length];
  const ids = rows.flat().map(BigInt);
  return {
    input_ids: int64(ids, dims),
    attention_mask: int64(
      ids.map(() => 1n),
      dims,
    ),
    token_type_ids: int64(
      ids.map(() => 0n),
      dims,
    ),
  };
}

/** Milliseconds a run. @param {ort.InferenceSession} session @param {ort.InferenceSession.FeedsType} feeds */
async function time(session, feeds) {
  const runs = Number(values.runs);
  await session.run(feeds);
  const began = performance.now();
  for (let run = 0; run < runs; run++) await session.run(feeds);
  return (performance.now() - began) / runs;
}

/**
 * @param {string} name
 * @param {Awaited<ReturnType<typeof sessions>>} pair
 * @param {ort.InferenceSession.FeedsType} feeds
 * @param {number} items
 */
async function compare(name, { file, rewritten }, feeds, items) {
  /** @type {[number, number][]} */
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    rounds.push([await time(file, feeds), await time(rewritten, feeds)]);
  }
  const [before, after] = [0, 1].map((side) => median(rounds.map((pair) => pair[side])) / items);
  const ratios = rounds.map(([a, b]) => a / b).sort((a, b) => a - b);
  const spread = `${ratios[0].toFixed(2)}-${ratios.at(-1)?.toFixed(2)}`;
  console.log(
    `${name}: ${before.toFixed(2)} ms an item unchanged, ${after.toFixed(2)} ms rewritten: ` +
      `${median(ratios).toFixed(2)} times (${spread})`,
  );
}

/** Mean over tokens, then L2 norm. @param {ort.InferenceSession} session @param {number[]} ids */
async function vector(session, ids) {
  const { last_hidden_state: hidden } = await session.run(textFeeds([ids]));
  const data = /** @type {Float32Array} */ (hidden.data);
  const sums = new Float32Array(hidden.dims[2]);
  for (const [at, value] of data.entries()) sums[at % sums.length] += value;
  const norm = Math.hypot(...sums);
  return sums.map((value) => value / norm);
}

const image = await sessions('models/efficientnet-lite0/2/model.onnx');
for (const batch of [1, 2]) {
  const pixels = Float32Array.from({ length: batch * 3 * 224 * 224 }, (_, at) => Math.sin(at));
  await compare(
    `efficientnet-lite0, batch ${batch}`,
    image,
    { image: new ort.Tensor('float32', pixels, [batch, 3, 224, 224]) },
    batch,
  );
}
const text = await sessions('models/minilm-l6-v2/1/model.onnx');
for (const batch of [1, 8, 32]) {
  const rows = Array.from({ length: batch }, (_, row) =>
    Array.from({ length: TOKENS }, (_, at) => 1000 + row * 97 + at * 31),
  );
  await compare(`minilm-l6-v2, ${TOKENS} tokens, batch ${batch}`, text, textFeeds(rows), batch);
}

const tokenizerFile = { ...json('models/minilm-l6-v2/tokenizer.json'), truncation: null, padding: null };
const tokenizer = new Tokenizer(tokenizerFile, json('models/minilm-l6-v2/tokenizer_config.json'));
const paragraphs = readdirSync(new URL('docs/', ROOT))
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => read(`docs/${file}`).toString().split(/\n\n+/))
  .filter((paragraph) => paragraph.length > 20);
const cosines = [];
for (const paragraph of paragraphs) {
  const ids = tokenizer.encode(paragraph).ids.slice(0, MAX_TOKENS);
  const [a, b] = [await vector(text.file, ids), await vector(text.rewritten, ids)];
  cosines.push(a.reduce((sum, value, at) => sum + value * b[at], 0));
}
console.log(
  `minilm-l6-v2: cosine between the vectors of both, ${cosines.length} paragraphs: ` +
    `median ${median(cosines).toFixed(4)}, least ${Math.min(...cosines).toFixed(4)}`,
);
