import { describe, expect, it } from '@jest/globals';
import { TextOffsets } from './text-offsets.js';

const offsetsOf = (tokens: readonly (readonly number[])[]) => {
  const offsets = new TextOffsets();
  return tokens.map((bytes) => offsets.next(bytes));
};
const bytesOf = (text: string) => [...Buffer.from(text)];

describe('the offset of a token', () => {
  it('is counted in characters of the text', () => {
    expect(offsetsOf([bytesOf('Hé'), bytesOf('llo'), bytesOf('!')])).toEqual([0, 2, 5]);
  });

  it('is the beginning of the character for each token that is a part of one', () => {
    const [a = 0, b = 0, c = 0, d = 0] = bytesOf('😀');
    expect(offsetsOf([bytesOf('x'), [a, b], [c], [d], bytesOf('é'), bytesOf('y')])).toEqual([
      0, 1, 1, 1, 2, 3,
    ]);
  });
});
