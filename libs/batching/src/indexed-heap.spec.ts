import { describe, expect, it } from '@jest/globals';
import { type HeapNode, IndexedHeap } from './indexed-heap.js';

interface Entry extends HeapNode {
  key: number;
}

function drain(heap: IndexedHeap<Entry>): number[] {
  const keys: number[] = [];
  for (let entry = heap.peek(); entry !== undefined; entry = heap.peek()) {
    keys.push(entry.key);
    heap.remove(entry);
  }
  return keys;
}

describe('an indexed heap', () => {
  it('returns its members in order after changed keys and removals', () => {
    const heap = new IndexedHeap<Entry>((a, b) => a.key < b.key);
    const entries = Array.from({ length: 50 }, (_, index): Entry => ({
      key: (index * 37) % 50,
      heapIndex: -1,
    }));
    for (const entry of entries) heap.push(entry);
    entries.forEach((entry, index) => {
      if (index % 5 === 0) {
        heap.remove(entry);
        heap.remove(entry);
      } else if (index % 3 === 0) {
        entry.key -= 40;
        heap.update(entry);
      } else if (index % 4 === 0) {
        entry.key += 40;
        heap.update(entry);
      }
    });
    const expected = entries.filter((_, index) => index % 5 !== 0).map(({ key }) => key);
    expect(drain(heap)).toEqual(expected.sort((a, b) => a - b));
    expect(heap.size).toBe(0);
  });
});
