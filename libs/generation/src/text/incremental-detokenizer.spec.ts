import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { IncrementalDetokenizer } from './incremental-detokenizer.js';
import { TokenBytes, type TokenizerFile } from './token-bytes.js';
import { createTokenizer } from './tokenizer.js';

const file = JSON.parse(
  readFileSync(new URL('../../../../models/smollm2-135m-instruct/tokenizer.json', import.meta.url), 'utf8'),
) as TokenizerFile;
const tokenizer = createTokenizer(file, {});
const bytes = TokenBytes.from(file);

function pieces(tokens: readonly number[]): string[] {
  const detokenizer = new IncrementalDetokenizer(bytes);
  return tokens.map((token) => detokenizer.push(token));
}

describe('IncrementalDetokenizer', () => {
  it.each([
    'Hello, world!',
    '漢字とかな交じり文',
    '👩‍👩‍👧‍👦 and 🇫🇷 flags',
    ' leading  spaces\n\ttabs',
    'naïve façade — “quotes”',
    '\uFEFFbyte order mark',
  ])('restores %j, without half a character in any piece', (text) => {
    const parts = pieces(tokenizer.encode(text).ids);
    expect(parts.join('')).toBe(text);
    for (const part of parts) {
      expect(part).not.toContain('\uFFFD');
      expect(part).not.toMatch(/\p{Surrogate}/u);
    }
  });

  it('waits for the rest of a character', () => {
    const tokens = tokenizer.encode('😀').ids;
    expect(tokens.length).toBeGreaterThan(1);
    expect(pieces(tokens.slice(0, -1)).join('')).toBe('');
  });

  it('shows nothing of special tokens', () => {
    expect(pieces([1, 2, 0])).toEqual(['', '', '']);
  });

  it('replaces bytes that can never be a character', () => {
    const half = tokenizer.encode('😀').ids.slice(0, -1);
    const [letter = 0] = tokenizer.encode('a').ids;
    expect(pieces([...half, letter]).join('')).toBe('\uFFFDa');
  });
});

describe('TokenBytes', () => {
  it('knows the pieces of SentencePiece vocabularies', () => {
    const decoder = { type: 'Sequence', decoders: [{ type: 'Replace' }, { type: 'ByteFallback' }] };
    const pieceBytes = TokenBytes.from({ model: { vocab: { '▁the': 0, '<0xE2>': 1, é: 2 } }, decoder });
    expect([0, 1, 2].map((id) => pieceBytes.rawBytes(id))).toEqual([
      [32, 116, 104, 101],
      [0xe2],
      [0xc3, 0xa9],
    ]);
  });
});
