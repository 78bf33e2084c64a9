import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { SAMPLING_ROWS, type SamplingField } from './sampling-fields.js';

const GUIDE = readFileSync(new URL('../../../docs/chat.md', import.meta.url), 'utf8');

/** `2^64` for powers of two that are hard to read in digits. */
function written(value: number): string {
  const exponent = Math.log2(Math.abs(value));
  return exponent > 53 ? `${value < 0 ? '-' : ''}2^${String(exponent)}` : String(value);
}

function rangeOf(field: SamplingField): string {
  switch (field.type) {
    case 'boolean':
      return '`true` or `false`';
    case 'strings':
      return `at most ${String(field.maxItems)}, each 1 to ${String(field.restItemMax)} characters`;
    default: {
      const max = written(field.restMax ?? field.max);
      return field.min === undefined
        ? `above ${written(field.above ?? -Infinity)}, at most ${max}`
        : `${written(field.min)} to ${max}`;
    }
  }
}

it('docs/chat.md has the name, range, default and description of every field of our REST bodies', () => {
  const [, table = ''] = /^\| field +\| range .+\n\|.+\n((?:\|.+\n)+)/m.exec(GUIDE) ?? [];
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.split(/ *\| */).slice(1, -1));
  expect(rows).toEqual(
    SAMPLING_ROWS.flatMap((field) =>
      field.rest === null
        ? []
        : [
            [
              `\`${field.rest}\``,
              rangeOf(field),
              String(field.restDefault ?? field.neutral ?? 'none'),
              field.description,
            ],
          ],
    ),
  );
});

it("docs/chat.md lists the parameters beyond OpenAI's, and those that are forwarded to vLLM", () => {
  const listed = (upstreams: readonly string[]): string => {
    const names = SAMPLING_ROWS.filter(({ upstream }) => upstreams.includes(upstream)).map(
      ({ openai }) => `\`${openai}\``,
    );
    return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
  };
  const words = GUIDE.replaceAll(/\s+/g, ' ');
  expect(words).toContain(`${listed(['vllm', 'none'])} work in addition to OpenAI's parameters`);
  expect(words).toContain(`\`extensions: "vllm"\` forwards ${listed(['vllm'])};`);
});
