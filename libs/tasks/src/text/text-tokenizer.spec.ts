import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tokenizers from '@huggingface/tokenizers';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { TOKENIZER_CONFIG_PATH, TOKENIZER_PATH } from '../testing/tokenizer-files.js';
import { TextTokenizer, type TokenizedText } from './text-tokenizer.js';

const CLS = 101;
const SEP = 102;
const CAT = 4937;

const served = new TextTokenizer(TOKENIZER_PATH, TOKENIZER_CONFIG_PATH, 256);
const cats = (count: number): string => new Array<string>(count).fill('cat').join(' ');

function idsOf(text: TokenizedText): readonly number[] {
  if (!text.fits) throw new Error(`The text was refused with ${String(text.tokens)} tokens.`);
  return text.ids;
}

/** Characters that reach the tokenizer while `work` runs. */
function charactersRead(work: () => void): number {
  const { prototype } = (
    tokenizers as unknown as { Tokenizer: { prototype: { encode(text: string): unknown } } }
  ).Tokenizer;
  const encode = jest.spyOn(prototype, 'encode');
  work();
  return encode.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a text that fits', () => {
  it('has its tokens between [CLS] and [SEP], without padding', () => {
    expect(served.tokenize('Hello, world!', false)).toEqual({
      fits: true,
      ids: [CLS, 7592, 1010, 2088, 999, SEP],
    });
  });

  it('is not cut at the 128 tokens that tokenizer.json asks for', () => {
    expect(idsOf(served.tokenize(cats(200), false))).toEqual([CLS, ...new Array<number>(200).fill(CAT), SEP]);
  });

  it('may have exactly as many tokens as the limit', () => {
    expect(idsOf(served.tokenize(cats(254), false))).toHaveLength(256);
  });

  it('is measured by its tokens, not by its characters', () => {
    const text = 'internationalization '.repeat(120);
    expect(text.length).toBeGreaterThan(256 * 8);
    expect(served.tokenize(text, false)).toMatchObject({ fits: true });
  });

  it('is read without its configuration, too', () => {
    const bare = new TextTokenizer(TOKENIZER_PATH, null, 256);
    expect(bare.tokenize('Hello, world!', false)).toEqual(served.tokenize('Hello, world!', false));
  });
});

describe('a text over the limit', () => {
  it('is refused with its number of tokens when it was read to the end', () => {
    expect(served.tokenize(cats(255), false)).toEqual({ fits: false, tokens: 257, exact: true });
  });

  it('is refused with a lower bound when it was not', () => {
    const refused = served.tokenize(cats(100_000), false);
    expect(refused).toMatchObject({ fits: false, exact: false });
    expect(refused.fits ? 0 : refused.tokens).toBeGreaterThan(512);
  });

  it.each([255, 600, 100_000])('is cut to the limit with [SEP] at the end: %d words', (count) => {
    const ids = idsOf(served.tokenize(cats(count), true));
    expect(ids).toEqual([CLS, ...new Array<number>(254).fill(CAT), SEP]);
  });

  it('is cut to the same tokens, regardless of how much was read', () => {
    const text = 'Counterintuitively, unfathomable misunderstandings reappear. '.repeat(60);
    const short = idsOf(served.tokenize(text, true));
    const long = idsOf(served.tokenize(text + text.repeat(500), true));
    expect(long).toEqual(short);
  });

  it('costs no more when it is a megabyte than when it is a page', () => {
    expect(charactersRead(() => served.tokenize(cats(250_000), true))).toBeLessThanOrEqual(256 * 8 * 3);
  });

  it('costs at most three times its length when its characters hold few tokens', () => {
    const blank = ' '.repeat(1_000_000) + 'cat';
    expect(charactersRead(() => served.tokenize(blank, false))).toBeLessThan(3 * blank.length);
    expect(idsOf(served.tokenize(blank, false))).toEqual([CLS, CAT, SEP]);
  });
});

describe('a tokenizer without special tokens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aerie-tokenizer-'));
  const path = join(folder, 'tokenizer.json');
  writeFileSync(
    path,
    JSON.stringify({
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab: { '[UNK]': 0, a: 1, b: 2 }, unk_token: '[UNK]' },
    }),
  );
  const bare = new TextTokenizer(path, null, 3);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('cuts a text with nothing behind it', () => {
    expect(idsOf(bare.tokenize('a b a b a', true))).toEqual([1, 2, 1]);
  });

  it('may find no token in a text', () => {
    expect(idsOf(bare.tokenize(' ', false))).toEqual([]);
  });
});
