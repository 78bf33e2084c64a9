import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CreateSession, InferenceSession } from '@aerie/engine';
import { ExternalKvDecoder } from './external-kv.decoder.js';

const python = process.env.PYTHON ?? 'python3';
const tool = fileURLToPath(new URL('../../../../tools/float_reference.py', import.meta.url));
const modelPath = fileURLToPath(
  new URL('../../../../models/smollm2-135m-instruct/1/model.onnx', import.meta.url),
);
const sessionFactoryUrl = new URL('../../../engine/dist/native/native-session-factory.js', import.meta.url)
  .href;
const pythonReady = spawnSync(python, ['-c', 'import numpy, onnx']).status === 0;
const PATIENCE_MS = 120_000;

/** 50 tokens: "The capital of France is Paris, a city on ...", by the model's tokenizer. */
const TOKENS: readonly number[] = [
  504, 3575, 282, 4649, 314, 7042, 28, 253, 2240, 335, 260, 4626, 1268, 462, 30, 657, 314, 1343, 327, 624,
  14739, 28, 624, 12223, 284, 624, 6956, 30, 533, 260, 5738, 260, 278, 4797, 1440, 480, 9160, 28, 284, 260,
  10545, 282, 3961, 6956, 24516, 260, 6260, 9018, 282, 260,
];
const PROMPT_TOKENS = 38;
const CHUNK = 16;

/** Errors of rounding activations to int8. Measured: .002 in the mean, .0043 and .8 at most. */
const MOST_MEAN_DIVERGENCE = 0.004;
const MOST_DIVERGENCE = 0.01;
const MOST_DIFFERENCE = 1.5;
/** Two tokens with logits this close are a tie, which rounding may decide either way. */
const TIE = 0.5;

describe('ExternalKvDecoder against a floating-point reference', () => {
  let session: InferenceSession;

  beforeAll(async () => {
    const { createSession } = (await import(sessionFactoryUrl)) as { readonly createSession: CreateSession };
    const provider = { name: 'cpu', deviceId: null };
    session = await createSession({ modelPath, provider, intraOpThreads: 2 });
  }, PATIENCE_MS);

  afterAll(() => session.release());

  /** Logits after every token from the last of the prompt on: prefilled in chunks, then decoded token by token. */
  async function decoded(): Promise<Float32Array[]> {
    const decoder = new ExternalKvDecoder(session, { groups: 3, maxRows: 2, maxTokens: 128 });
    const rows: Float32Array[] = [];
    for (let start = 0; start < PROMPT_TOKENS; start += CHUNK) {
      const logits = await decoder.prefill(0, TOKENS.slice(start, Math.min(start + CHUNK, PROMPT_TOKENS)));
      if (start + CHUNK >= PROMPT_TOKENS) rows.push(logits.slice());
    }
    for (const token of TOKENS.slice(PROMPT_TOKENS)) {
      const logits = await decoder.decode({ tokens: [token], reproducible: true });
      rows.push(logits.slice(0, decoder.vocabSize));
    }
    return rows;
  }

  function reference(): Float32Array[] {
    const { status, stdout, stderr } = spawnSync(python, [tool, modelPath], {
      input: JSON.stringify(TOKENS),
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(stderr.toString());
    const all = new Float32Array(new Uint8Array(stdout).buffer);
    const vocabulary = all.length / TOKENS.length;
    return Array.from({ length: TOKENS.length - PROMPT_TOKENS + 1 }, (_, index) => {
      const place = PROMPT_TOKENS - 1 + index;
      return all.subarray(place * vocabulary, (place + 1) * vocabulary);
    });
  }

  (pythonReady ? it : it.skip)(
    'computes the logits of the reference within the error of rounding to int8',
    async () => {
      const ours = await decoded();
      const theirs = reference();
      const divergences = theirs.map((logits, index) =>
        divergence(logits, ours[index] ?? new Float32Array()),
      );
      const differences = theirs.map((logits, index) =>
        largestDifference(logits, ours[index] ?? new Float32Array()),
      );
      const behind = theirs.map((logits, index) => {
        const chosen = top(ours[index] ?? new Float32Array());
        return (logits[top(logits)] ?? NaN) - (logits[chosen] ?? NaN);
      });
      expect(theirs).toHaveLength(TOKENS.length - PROMPT_TOKENS + 1);
      expect(Math.max(...behind)).toBeLessThan(TIE);
      expect(behind.filter((lag) => lag > 0).length).toBeLessThanOrEqual(1);
      expect(mean(divergences)).toBeLessThan(MOST_MEAN_DIVERGENCE);
      expect(Math.max(...divergences)).toBeLessThan(MOST_DIVERGENCE);
      expect(Math.max(...differences)).toBeLessThan(MOST_DIFFERENCE);
    },
    PATIENCE_MS,
  );
});

function top(logits: Float32Array): number {
  return logits.indexOf(logits.reduce((most, value) => Math.max(most, value), -Infinity));
}

/** Kullback-Leibler divergence of `actual` from `expected`, in nats. */
function divergence(expected: Float32Array, actual: Float32Array): number {
  const p = logSoftmax(expected);
  const q = logSoftmax(actual);
  return p.reduce((sum, logp, index) => sum + Math.exp(logp) * (logp - (q[index] ?? NaN)), 0);
}

function logSoftmax(logits: Float32Array): Float64Array {
  const most = logits[top(logits)] ?? NaN;
  const sum = logits.reduce((total, value) => total + Math.exp(value - most), 0);
  return Float64Array.from(logits, (value) => value - most - Math.log(sum));
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? NaN))), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
