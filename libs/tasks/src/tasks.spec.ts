import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { HuggingFaceFolder } from './task-definition.js';
import { BATCH_TASKS, batchTaskOf, REST_ROUTES, ROUTE_NAMES, routeOf, TASK_KINDS, TASKS } from './tasks.js';

/** A folder with these files, and this architecture in its `config.json`. */
const folder = (architecture: string, ...files: readonly string[]): HuggingFaceFolder => ({
  config: { architectures: [architecture] },
  readJson: () => Promise.resolve(undefined),
  has: (file) => Promise.resolve(files.includes(file)),
});

async function kindOf(of: HuggingFaceFolder): Promise<string | null> {
  for (const task of TASKS) if ((await task.detect(of)) !== null) return task.kind;
  return null;
}

describe('the list of tasks', () => {
  it('names each kind once', () => {
    expect(new Set(TASK_KINDS).size).toBe(TASKS.length);
  });

  it.each(BATCH_TASKS.map((task) => [task.kind, task] as const))(
    'has a kernel and a section whose fields all have defaults for %s',
    (kind, { kernelUrl, optionsSchema }) => {
      // Specs run on the sources, which have the kernel under the name it has before it is built.
      expect(existsSync(fileURLToPath(kernelUrl).replace(/\.js$/, '.ts'))).toBe(true);
      expect(optionsSchema.safeParse(undefined).success).toBe(true);
      expect(batchTaskOf(kind).kind).toBe(kind);
    },
  );

  it('names each route once, and finds it by its name', () => {
    expect(new Set(ROUTE_NAMES).size).toBe(REST_ROUTES.length);
    for (const route of REST_ROUTES) expect(routeOf(route.name)).toBe(route);
    expect(() => routeOf('nothing')).toThrow('This is a bug');
  });

  it('has no batches for language models', () => {
    expect(BATCH_TASKS.map(({ kind }): string => kind)).not.toContain('text-generation');
  });

  it.each([
    ['image-classification', folder('EfficientNetForImageClassification')],
    ['text-generation', folder('LlamaForCausalLM', 'tokenizer.json')],
    ['text-generation', folder('LlamaForCausalLM', 'tokenizer.json', 'modules.json')],
    ['text-embedding', folder('BertModel', 'tokenizer.json')],
    ['text-embedding', folder('BertForMaskedLM', 'tokenizer.json', 'modules.json')],
    ['tensor', folder('BertModel')],
    ['tensor', folder('BertForMaskedLM', 'tokenizer.json')],
  ])('gives a folder to %s by its files', async (kind, of) => {
    await expect(kindOf(of)).resolves.toBe(kind);
  });
});
