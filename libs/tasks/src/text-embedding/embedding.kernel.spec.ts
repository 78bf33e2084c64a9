import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession, NamedTensors } from '@aerie/engine';
import { describe, expect, it } from '@jest/globals';
import { TOKENIZER_CONFIG_PATH, TOKENIZER_PATH } from '../testing/tokenizer-files.js';
import { createKernel } from './embedding.kernel.js';
import { embeddingOptionsSchema } from './embedding.options.js';
import { textEmbeddingTask } from './embedding.task.js';

const NAMES = ['input_ids', 'attention_mask', 'token_type_ids'];

function session(names: readonly string[]): InferenceSession {
  return {
    inputs: names.map((name) => ({ name, dtype: 'int64', shape: ['batch', 'tokens'] })),
    outputs: [
      { name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 'tokens', 2] },
      { name: 'another', dtype: 'float32', shape: ['batch', 2] },
    ],
    provider: 'cpu',
    handles: null,
    handOver: () => undefined,
    run: () => Promise.reject(new Error('A kernel never runs the session.')),
    release: () => Promise.resolve(),
  };
}

const OPTIONS = {
  tokenizerPath: TOKENIZER_PATH,
  tokenizerConfigPath: TOKENIZER_CONFIG_PATH,
  maxTokens: 6,
  pooling: 'mean',
  normalize: false,
} as const;

const kernel = (names = NAMES) => createKernel({ session: session(names), options: OPTIONS });

const short = { text: 'cat', truncate: false };
const fitting = { text: 'cat cat cat cat', truncate: false };
const long = { text: 'cat cat cat cat cat', truncate: false };

/** The model's output for `rows` rows of `tokens` tokens. Every token of row r is [r + 1, -r - 1]. */
function hidden(rows: number, tokens: number): NamedTensors {
  const data = new Float32Array(rows * tokens * 2);
  for (let i = 0; i < rows * tokens; i++) {
    const row = Math.floor(i / tokens) + 1;
    data.set([row, -row], i * 2);
  }
  return { last_hidden_state: { dtype: 'float32', dims: [rows, tokens, 2], data } };
}

describe('a batch of texts', () => {
  it('is padded to its longest, with a mask', async () => {
    const { feeds } = (await kernel()).prepare([short, fitting]);
    expect(feeds).toEqual({
      input_ids: {
        dtype: 'int64',
        dims: [2, 6],
        data: BigInt64Array.of(101n, 4937n, 102n, 0n, 0n, 0n, 101n, 4937n, 4937n, 4937n, 4937n, 102n),
      },
      attention_mask: {
        dtype: 'int64',
        dims: [2, 6],
        data: BigInt64Array.of(1n, 1n, 1n, 0n, 0n, 0n, 1n, 1n, 1n, 1n, 1n, 1n),
      },
      token_type_ids: { dtype: 'int64', dims: [2, 6], data: new BigInt64Array(12) },
    });
  });

  it('has token types only if the model needs them', async () => {
    const { feeds } = (await kernel(['input_ids', 'attention_mask'])).prepare([short]);
    expect(Object.keys(feeds ?? {})).toEqual(['input_ids', 'attention_mask']);
  });

  it('runs without the one that is too long, and answers all in order', async () => {
    const { prepare, finish } = await kernel();
    const { feeds, state } = prepare([short, long, fitting]);
    expect(feeds?.input_ids?.dims).toEqual([2, 6]);
    const { results, transfer } = finish(hidden(2, 6), state);
    expect(results).toEqual([
      { ok: true, value: { embedding: Float32Array.of(1, -1), tokens: 3 } },
      {
        ok: false,
        code: 'INVALID_INPUT',
        message: 'has 7 tokens, the limit is 6; shorten it or send "truncate": true',
      },
      { ok: true, value: { embedding: Float32Array.of(2, -2), tokens: 6 } },
    ]);
    const buffers = results.flatMap((result) => (result.ok ? [result.value.embedding.buffer] : []));
    expect(transfer).toEqual(buffers);
  });

  it('says that the count is a lower bound', async () => {
    const { prepare, finish } = await kernel();
    const { state } = prepare([{ text: 'cat '.repeat(1000), truncate: false }]);
    expect(finish({}, state).results).toEqual([
      {
        ok: false,
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/^has more than \d+ tokens, the limit is 6;/),
      },
    ]);
  });

  it('does not run when all are refused', async () => {
    const { prepare, finish } = await kernel();
    const { feeds, state } = prepare([long, long]);
    expect(feeds).toBeNull();
    expect(finish({}, state).results.map(({ ok }) => ok)).toEqual([false, false]);
  });

  it('refuses a text in which a tokenizer without special tokens finds nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aerie-kernel-'));
    const tokenizerPath = join(folder, 'tokenizer.json');
    const model = { type: 'WordLevel', vocab: { '[UNK]': 0, a: 1 }, unk_token: '[UNK]' };
    const definition = {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model,
    };
    writeFileSync(tokenizerPath, JSON.stringify(definition));
    const options = { ...OPTIONS, tokenizerPath, tokenizerConfigPath: null };
    const { prepare, finish } = await createKernel({ session: session(NAMES), options });
    rmSync(folder, { recursive: true });
    const { feeds, state } = prepare([
      { text: ' ', truncate: false },
      { text: 'a', truncate: false },
    ]);
    expect(feeds?.input_ids?.dims).toEqual([1, 1]);
    expect(finish(hidden(1, 1), state).results).toMatchObject([
      { ok: false, code: 'INVALID_INPUT', message: 'has no tokens that the model knows' },
      { ok: true, value: { tokens: 1 } },
    ]);
  });

  it('truncates those that may be truncated', async () => {
    const { prepare, finish } = await kernel();
    const { feeds, state } = prepare([{ ...long, truncate: true }]);
    expect(feeds?.input_ids?.data).toEqual(BigInt64Array.of(101n, 4937n, 4937n, 4937n, 4937n, 102n));
    expect(finish(hidden(1, 6), state).results).toMatchObject([{ ok: true, value: { tokens: 6 } }]);
  });

  it('fails if the model does not have the output', async () => {
    const { prepare, finish } = await kernel();
    expect(() => finish({}, prepare([short]).state)).toThrow('no output "last_hidden_state"');
  });
});

describe('a manifest for embeddings', () => {
  const files = (config: boolean) => ({
    path: (name: string) => Promise.resolve(`/models/m/${name}`),
    has: () => Promise.resolve(config),
    readText: () => Promise.reject(new Error('not asked for')),
  });
  const options = embeddingOptionsSchema.parse(undefined);

  it('has a default for everything', async () => {
    const { kernelOptions, details } = await textEmbeddingTask.prepare(options, files(true));
    expect(kernelOptions).toEqual({
      tokenizerPath: '/models/m/tokenizer.json',
      tokenizerConfigPath: '/models/m/tokenizer_config.json',
      maxTokens: 256,
      pooling: 'mean',
      normalize: true,
    });
    expect(details).toEqual({ maxTokens: 256 });
  });

  it('needs no tokenizer_config.json', async () => {
    const { kernelOptions } = await textEmbeddingTask.prepare(options, files(false));
    expect(kernelOptions).toMatchObject({ tokenizerConfigPath: null });
  });

  it('counts a long text as at most as many tokens as can run', async () => {
    const { costOf } = await textEmbeddingTask.prepare(options, files(true));
    expect(costOf({ text: 'a'.repeat(40), truncate: false })).toBe(12);
    expect(costOf({ text: 'a'.repeat(1_000_000), truncate: true })).toBe(256);
  });
});
