import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Tokenizer } from '@huggingface/tokenizers';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { MODELS } from '../support/paths.mjs';
import { SENTENCE } from '../support/cases.mjs';

const OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1 };
const [RESIZE_TO, CROP_TO, WARM_UP] = [256, 224, 5];
const PLANE = CROP_TO * CROP_TO;
/** Normalization as a table, because a pixel has only 256 values. */
const NORMALIZED = Float32Array.from({ length: 256 }, (_, value) => (value - 127) / 128);

/** @param {Buffer} bytes @returns {Promise<Float32Array>} [3, 224, 224] */
async function decode(bytes) {
  const inset = (RESIZE_TO - CROP_TO) / 2;
  const pixels = await sharp(bytes)
    .resize(RESIZE_TO, RESIZE_TO, { fit: 'cover', kernel: 'cubic' })
    .extract({ left: inset, top: inset, width: CROP_TO, height: CROP_TO })
    .removeAlpha()
    .raw()
    .toBuffer();
  const planes = new Float32Array(3 * PLANE);
  for (let at = 0, from = 0; at < PLANE; at++) {
    planes[at] = NORMALIZED[pixels[from++]];
    planes[PLANE + at] = NORMALIZED[pixels[from++]];
    planes[2 * PLANE + at] = NORMALIZED[pixels[from++]];
  }
  return planes;
}

/** @param {string} path @returns {Promise<() => Promise<number>>} */
async function predictLoop(path) {
  sharp.concurrency(1);
  sharp.cache(false);
  const bytes = readFileSync(path);
  const session = await ort.InferenceSession.create(join(MODELS, 'efficientnet-lite0/2/model.onnx'), OPTIONS);
  return async () => {
    await session.run({ image: new ort.Tensor('float32', await decode(bytes), [1, 3, CROP_TO, CROP_TO]) });
    return 1;
  };
}

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(join(MODELS, 'minilm-l6-v2', file), 'utf8'));

/** @param {number} batch @returns {Promise<() => Promise<number>>} */
async function embedLoop(batch) {
  const tokenizer = new Tokenizer(readJson('tokenizer.json'), readJson('tokenizer_config.json'));
  const session = await ort.InferenceSession.create(join(MODELS, 'minilm-l6-v2/1/model.onnx'), OPTIONS);
  return async () => {
    const rows = Array.from({ length: batch }, () => tokenizer.encode(SENTENCE).ids);
    const length = rows[0].length;
    /** @param {(at: number) => bigint} value */
    const tensor = (value) =>
      new ort.Tensor(
        'int64',
        BigInt64Array.from({ length: batch * length }, (_, at) => value(at)),
        [batch, length],
      );
    const { last_hidden_state: hidden } = await session.run({
      input_ids: tensor((at) => BigInt(rows[Math.trunc(at / length)][at % length])),
      attention_mask: tensor(() => 1n),
      token_type_ids: tensor(() => 0n),
    });
    pool(/** @type {Float32Array} */ (hidden.data), batch, length, hidden.dims[2]);
    return batch;
  };
}

/** Mean over tokens, then L2 norm. @param {Float32Array} hidden */
function pool(hidden, batch, length, dimensions) {
  return Array.from({ length: batch }, (_, row) => {
    const vector = new Float32Array(dimensions);
    for (let at = row * length * dimensions, end = at + length * dimensions; at < end; at++) {
      vector[at % dimensions] += hidden[at];
    }
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  });
}

const { kind, what, seconds, threads, barrier } = workerData;
const once = kind === 'predict' ? await predictLoop(what) : await embedLoop(Number(what));
for (let at = 0; at < WARM_UP; at++) await once();

const arrived = new Int32Array(barrier);
Atomics.add(arrived, 0, 1);
Atomics.notify(arrived, 0);
for (let count; (count = Atomics.load(arrived, 0)) < threads;) Atomics.wait(arrived, 0, count);

let items = 0;
for (const end = performance.now() + seconds * 1000; performance.now() < end;) items += await once();
parentPort?.postMessage(items);
