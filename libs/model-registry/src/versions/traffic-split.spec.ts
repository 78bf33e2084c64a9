import { describe, expect, it } from '@jest/globals';
import { TrafficSplit } from './traffic-split.js';

const split = (weights: Record<string, number>, random?: () => number): TrafficSplit =>
  new TrafficSplit('m', new Map(Object.entries(weights)), random);

function share(traffic: TrafficSplit, version: string, keys = 20_000): number {
  let hits = 0;
  for (let index = 0; index < keys; index++) if (traffic.pick(`key-${index}`) === version) hits += 1;
  return hits / keys;
}

describe('TrafficSplit', () => {
  it('divides keys by weight', () => {
    const traffic = split({ '1': 90, '2': 10 });
    expect(share(traffic, '1')).toBeCloseTo(0.9, 1);
    expect(Math.abs(share(traffic, '2') - 0.1)).toBeLessThan(0.01);
  });

  it('sends a key to the same version, in every process', () => {
    const keys = ['alice', 'bob', 'carol', 'dave', '198.51.100.7'];
    const pick = (): string[] => keys.map((key) => split({ '1': 1, '2': 1, '10': 1 }).pick(key));
    expect(pick()).toEqual(pick());
    // Fixed by the documented hash: another result would send every caller elsewhere after an upgrade.
    expect(pick()).toEqual(['2', '10', '10', '2', '2']);
  });

  it('moves only the keys whose share changes hands when weights change', () => {
    const before = split({ '1': 90, '2': 10 });
    const after = split({ '1': 80, '2': 20 });
    for (let index = 0; index < 2_000; index++) {
      const key = `key-${index}`;
      if (before.pick(key) === '2') expect(after.pick(key)).toBe('2');
    }
  });

  it('places keys independently for each model', () => {
    const a = new TrafficSplit(
      'a',
      new Map([
        ['1', 1],
        ['2', 1],
      ]),
    );
    const b = new TrafficSplit(
      'b',
      new Map([
        ['1', 1],
        ['2', 1],
      ]),
    );
    const keys = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);
    const same = keys.filter((key) => a.pick(key) === b.pick(key)).length;
    expect(Math.abs(same / keys.length - 0.5)).toBeLessThan(0.05);
  });

  it('draws at random without a key, the versions in the order of their numbers', () => {
    const draws = [0, 0.24, 0.25, 0.74, 0.75, 0.999_999].values();
    const traffic = split({ '10': 1, '2': 2, '1': 1, '3': 0 }, () => draws.next().value ?? 0);
    expect(Array.from({ length: 6 }, () => traffic.pick())).toEqual(['1', '1', '2', '2', '10', '10']);
  });
});
