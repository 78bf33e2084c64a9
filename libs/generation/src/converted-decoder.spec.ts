import { openOrtBinding } from '@aerie/engine';
import { MemoryLogger } from '@aerie/test-support';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GenerationEngine } from './generation-engine.js';

const python = process.env.PYTHON ?? 'python3';
const binding = await openOrtBinding({ choice: 'auto', logger: new MemoryLogger() });
const tools = ['tiny_llama.py', 'genai_to_external_kv.py'].map((name) =>
  fileURLToPath(new URL(`../../../tools/${name}`, import.meta.url)),
);
const pythonReady =
  spawnSync(python, ['-c', 'import onnx_ir, onnxruntime_genai, tokenizers, torch, transformers']).status ===
  0;
const PATIENCE_MS = 300_000;
/** Longer than a chunk, so that the prompt is prefilled on a cache too. */
const PROMPT = 'a lamp for the harbour, and a bell for the fog; '.repeat(3);
const TOKENS = 24;

interface Generated {
  readonly tokens: readonly string[];
  readonly logprobs: readonly number[];
}

/** A small Llama with random weights, as transformers runs it and as it is exported in both forms. */
(pythonReady ? describe : describe.skip)('a decoder of the onnxruntime-genai builder', () => {
  let folder: string;
  let expected: Generated;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tiny-llama-'));
    run(tools[0], [folder, PROMPT, String(TOKENS)]);
    run(tools[1], [join(folder, 'built'), join(folder, 'converted')]);
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Generated;
  }, PATIENCE_MS);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['hugging-face', 'built', 'model.onnx'],
    ['external-kv', 'converted', '1/model.onnx'],
  ])(
    'continues a prompt as transformers does, by the %s way',
    async (decoder, directory, file) => {
      const engine = await GenerationEngine.open({
        name: 'tiny',
        directory: join(folder, directory),
        modelPath: join(folder, directory, file),
        binding,
        contextLength: 512,
        startTimeoutMs: PATIENCE_MS,
        stallTimeoutMs: PATIENCE_MS,
      });
      try {
        expect(engine.model.decoder).toBe(decoder);
        const all = await Promise.all(Array.from({ length: 3 }, () => generate(engine)));
        for (const { tokens, logprobs } of all) {
          expect(tokens).toEqual(expected.tokens);
          logprobs.forEach((logprob, index) =>
            expect(logprob).toBeCloseTo(expected.logprobs[index] ?? NaN, 3),
          );
        }
      } finally {
        await engine.close();
      }
    },
    PATIENCE_MS,
  );
});

async function generate(engine: GenerationEngine): Promise<Generated> {
  const tokens: string[] = [];
  const logprobs: number[] = [];
  const sampling = { temperature: 0, topLogprobs: 1, maxTokens: TOKENS, ignoreEos: true };
  for await (const event of engine.generate({ kind: 'text', prompt: PROMPT, ...sampling })) {
    if (event.type !== 'text') continue;
    tokens.push(...(event.logprobs ?? []).map(({ token }) => token));
    logprobs.push(...(event.logprobs ?? []).map(({ logprob }) => logprob));
  }
  return { tokens, logprobs };
}

function run(tool: string | undefined, args: readonly string[]): void {
  const { status, stderr } = spawnSync(python, [tool ?? '', ...args]);
  if (status !== 0) throw new Error(stderr.toString());
}
