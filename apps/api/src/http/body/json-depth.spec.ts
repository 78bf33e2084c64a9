import { describe, expect, it } from '@jest/globals';
import { assertJsonDepth } from './json-depth.js';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('the nesting of JSON', () => {
  it('may reach the limit', () => {
    expect(() => assertJsonDepth(nested(64), 64)).not.toThrow();
    expect(() => assertJsonDepth({ a: [{ b: 1 }], c: null }, 3)).not.toThrow();
    expect(() => assertJsonDepth('text', 0)).not.toThrow();
  });

  it('may not exceed it, in objects or arrays', () => {
    const message = 'The JSON is nested deeper than 64 levels (MAX_JSON_DEPTH).';
    expect(() => assertJsonDepth(nested(65), 64)).toThrow(message);
    expect(() => assertJsonDepth({ a: [{ b: {} }] }, 3)).toThrow('deeper than 3 levels');
  });

  it('does not exhaust the stack, even if it is very deep', () => {
    let deep: object = {};
    for (let i = 0; i < 200_000; i++) deep = { deep };
    expect(() => assertJsonDepth(deep, 1_000_000)).not.toThrow();
  });
});
