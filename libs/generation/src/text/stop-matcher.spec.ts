import { describe, expect, it } from '@jest/globals';
import { StopMatcher } from './stop-matcher.js';

/** Everything given out before the stop or the end, for a text that arrives in pieces of the given size. */
function read(stops: readonly string[], text: string, size: number): { text: string; stopped: boolean } {
  const matcher = new StopMatcher(stops);
  let out = '';
  for (let at = 0; at < text.length; at += size) {
    const result = matcher.push(text.slice(at, at + size));
    out += result.text;
    if (result.stopped) return { text: out, stopped: true };
  }
  return { text: out + matcher.flush(), stopped: false };
}

describe('StopMatcher', () => {
  it.each([
    [['END'], 'one two END three', 'one two ', true],
    [['END'], 'one EN two', 'one EN two', false],
    [['aab'], 'aaaab!', 'aa', true],
    [['\n\n', '###'], 'a\nb\n\nc###', 'a\nb', true],
    [['abc', 'b'], 'xabc', 'xa', true],
    [['bc', 'abc'], 'xabc', 'x', true],
    [['END'], 'EN', 'EN', false],
    [[], 'free', 'free', false],
  ])('stops at %j in %j, regardless of the pieces', (stops, text, expected, stopped) => {
    for (let size = 1; size <= text.length; size++)
      expect(read(stops, text, size)).toEqual({ text: expected, stopped });
  });

  it('holds back only what may still become a stop string', () => {
    const matcher = new StopMatcher(['STOP']);
    expect(matcher.push('go ST').text).toBe('go ');
    expect(matcher.push('ART').text).toBe('START');
  });
});
