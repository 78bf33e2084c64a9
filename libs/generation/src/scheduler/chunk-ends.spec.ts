import { describe, expect, it } from '@jest/globals';
import { chunkEnds } from './chunk-ends.js';

const CONTROL = 0;
const isControl = (token: number): boolean => token === CONTROL;
const text = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const endsOf = (tokens: readonly number[], chunkSize = 64): readonly number[] =>
  chunkEnds(tokens, chunkSize, isControl);

describe('chunkEnds', () => {
  it('divides text into chunks of the maximum size, the last of which may be incomplete', () => {
    expect(endsOf(text(150))).toEqual([64, 128, 192]);
    expect(endsOf(text(128))).toEqual([64, 128]);
    expect(endsOf(text(5))).toEqual([64]);
  });

  it('ends a chunk before a control token', () => {
    expect(endsOf([CONTROL, ...text(29), CONTROL, ...text(70)])).toEqual([30, 94, 158]);
  });

  it('does not end a chunk that is too short to be worth a run', () => {
    expect(endsOf([CONTROL, ...text(14), CONTROL, ...text(40)])).toEqual([64]);
    expect(endsOf([CONTROL, ...text(15), CONTROL, ...text(40)])).toEqual([16, 80]);
  });

  it('gives prompts that begin with the same messages the same ends there', () => {
    const shared = [CONTROL, ...text(99), CONTROL];
    const ends = [endsOf([...shared, ...text(9)]), endsOf([...shared, ...text(90)])];
    expect(ends.map((each) => each.slice(0, 2))).toEqual([
      [64, 100],
      [64, 100],
    ]);
  });
});
