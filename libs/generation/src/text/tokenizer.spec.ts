import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { createTokenizer } from './tokenizer.js';

const file = new URL('../../../../models/smollm2-135m-instruct/tokenizer.json', import.meta.url);
const definition = JSON.parse(readFileSync(file, 'utf8')) as object;

it('converts text to ids and back', () => {
  const tokenizer = createTokenizer(definition, {});
  const { ids } = tokenizer.encode('Hello, 漢字');
  expect(tokenizer.decode(ids)).toBe('Hello, 漢字');
});
