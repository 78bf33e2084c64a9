import { describe, expect, it } from '@jest/globals';
import { BATCH_TASK_SECTIONS } from '../loading/batch-model-loader.js';
import { ModelRepositoryError } from '../model-repository.error.js';
import { TASK_KINDS } from '@aerie/tasks';
import { parseManifest } from './parse-manifest.js';

const parse = (value: unknown) => parseManifest(value, 'models/x/model.json', BATCH_TASK_SECTIONS);

function problemsOf(value: unknown): readonly string[] {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof ModelRepositoryError) return error.problems;
    throw error;
  }
  return [];
}

describe('parseManifest', () => {
  it('gives every field a default', () => {
    const manifest = parse({});
    expect(manifest).toMatchObject({
      task: 'tensor',
      aliases: {},
      sticky: true,
      sha256: {},
      default_for_task: false,
    });
    expect(manifest.batching).toEqual({ max_delay_ms: 0 });
  });

  it('allows $schema and fills in the section of the task', () => {
    const manifest = parse({ $schema: '../manifest.schema.json', task: 'text-embedding' });
    expect(manifest.options).toEqual({
      text: { tokenizer: 'tokenizer.json', max_tokens: 256, pooling: 'mean', normalize: true },
    });
  });

  it.each<[string, unknown, string]>([
    ['an unknown field', { taks: 'tensor' }, 'taks: is not a known field; check its spelling and the task'],
    [
      'an unknown field of a section',
      { batching: { max_size: 4 } },
      'batching.max_size: is not a known field; check its spelling and the task',
    ],
    [
      'the section of another task',
      { task: 'image-classification', text: {} },
      'text: is not a known field; check its spelling and the task',
    ],
    [
      'a task without a section',
      { task: 'text-generation', text: {} },
      'text: is not a field of a manifest with task "text-generation"',
    ],
    [
      'an unknown task',
      { task: 'speech' },
      `task: expected one of ${TASK_KINDS.map((kind) => `"${kind}"`).join('|')}, got "speech"`,
    ],
    ['a number of the wrong type', { keep_alive: '5' }, 'keep_alive: expected number, got "5"'],
    [
      'a number out of range',
      { batching: { max_batch_size: 0 } },
      'batching.max_batch_size: expected >=1, got 0',
    ],
    [
      'a version that is none',
      { default: 'newest' },
      'default: expected a version: a positive integer as a string, such as "2" or "v2", got "newest"',
    ],
    [
      'an alias of digits',
      { aliases: { '2': '1' } },
      'aliases.2: expected an alias that begins with a letter, got "2"',
    ],
    [
      'a bad checksum',
      { sha256: { '1/model.onnx': 'abc' } },
      'sha256.1/model.onnx: expected 64 lowercase hexadecimal digits, got "abc"',
    ],
    ['a union', { task: 'image-classification', labels: 5 }, 'labels: expected string or array, got 5'],
    [
      'a field of a version',
      { versions: { '2': { load: 'never' } } },
      'versions.2.load: expected one of "eager"|"lazy", got "never"',
    ],
    [
      "a version's section",
      { task: 'text-embedding', versions: { '2': { text: { max_tokens: 0 } } } },
      'versions.2.text.max_tokens: expected >=1, got 0',
    ],
    ['a version given twice', { versions: { '2': {}, v2: {} } }, 'versions.v2: version 2 is given twice'],
    ['something else than an object', [], 'expected a JSON object'],
  ])('refuses %s, naming the field', (_case, value, problem) => {
    expect(problemsOf(value)).toEqual([problem]);
  });

  it('names the file and every problem at once', () => {
    expect(() => parse({ keep_alive: -1, load: 'soon' })).toThrow(
      /^models\/x\/model.json cannot be used:\n {2}load: .*\n {2}keep_alive: /,
    );
  });

  it('lets a version replace single fields of a section', () => {
    const { versions, options } = parse({
      task: 'text-embedding',
      text: { max_tokens: 128, pooling: 'cls' },
      versions: { v2: { text: { max_tokens: 512 } } },
    });
    expect(options).toMatchObject({ text: { max_tokens: 128, pooling: 'cls' } });
    expect(versions.get('2')?.options).toMatchObject({ text: { max_tokens: 512, pooling: 'cls' } });
  });
});
