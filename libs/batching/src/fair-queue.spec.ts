import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

const costs = (...list: readonly number[]): { cost: number }[] => list.map((cost) => ({ cost }));
const ones = (count: number): { cost: number }[] => costs(...new Array<number>(count).fill(1));
const names = (taken: readonly { owner: string; index: number }[]): string[] =>
  taken.map(({ owner, index }) => `${owner}${String(index)}`);

function createQueue(maxBatchSize = 4, maxTokens = Infinity): FairQueue<string> {
  return new FairQueue(maxBatchSize, maxTokens);
}

describe('the items of a batch', () => {
  it('are the head and those behind it that are closest to it in cost', () => {
    const queue = createQueue();
    queue.add('head', costs(50), 0);
    queue.add('x', costs(10, 200, 49, 60, 51), 0);
    expect(names(queue.take(4))).toEqual(['head0', 'x2', 'x4', 'x3']);
    expect(names(queue.take(4))).toEqual(['x0', 'x1']);
    expect(queue).toMatchObject({ requests: 0, items: 0, cost: 0 });
  });

  it('are in fair order if they have the same cost', () => {
    const queue = createQueue();
    for (const name of ['a', 'b', 'c', 'd', 'e']) queue.add(name, costs(7), 0);
    expect(names(queue.take(4))).toEqual(['a0', 'b0', 'c0', 'd0']);
  });

  it('are searched in a bounded window', () => {
    const queue = createQueue(2);
    queue.add('head', costs(5), 0);
    queue.add('unlike', costs(...new Array<number>(16).fill(90)), 0);
    queue.add('unlike', costs(...new Array<number>(16).fill(90)), 0);
    queue.add('alike', costs(90, 90, 90, 90, 90, 90, 90, 90, 5), 0);
    expect(names(queue.take(2))).toEqual(['head0', 'unlike0']);
  });

  it('stay within the padded token budget', () => {
    const queue = createQueue(8, 100);
    queue.add('head', costs(20), 0);
    queue.add('x', costs(30, 21, 22, 60, 19, 25), 0);
    // 5 x 22 would be above 100; 4 x 22 is not, and 4 x 25 would go, were 22 not closer.
    expect(names(queue.take(8))).toEqual(['head0', 'x1', 'x4', 'x2']);
    expect(queue).toMatchObject({ items: 3, cost: 115 });
  });

  it('skip one that does not fit for a smaller one that does', () => {
    const queue = createQueue(8, 60);
    queue.add('head', costs(20), 0);
    queue.add('x', costs(25, 14), 0);
    expect(names(queue.take(8))).toEqual(['head0', 'x0']);
    queue.take(8);
    queue.add('head', costs(20), 0);
    queue.add('y', costs(23, 19, 16), 0);
    expect(names(queue.take(8))).toEqual(['head0', 'y1', 'y2']);
  });

  it('are only the head if its cost exceeds the budget', () => {
    const queue = createQueue(8, 100);
    queue.add('huge', costs(400), 0);
    queue.add('x', costs(1), 0);
    expect(names(queue.take(8))).toEqual(['huge0']);
    expect(names(queue.take(8))).toEqual(['x0']);
  });
});

describe('fair order', () => {
  it('does not let a single item wait behind an earlier large request', () => {
    const queue = createQueue();
    queue.add('large', ones(256), 0);
    queue.take(4);
    queue.add('single', ones(1), 0);
    expect(names(queue.take(4))).toContain('single0');
  });

  it('serves large requests in turn', () => {
    const queue = createQueue();
    queue.add('a', ones(100), 0);
    queue.add('b', ones(100), 0);
    expect(names(queue.take(4))).toEqual(['a0', 'b0', 'a1', 'b1']);
    expect(names(queue.take(4))).toEqual(['a2', 'b2', 'a3', 'b3']);
  });

  it('lets a new request join at the position of the others, neither before nor behind them', () => {
    const queue = createQueue();
    queue.add('a', ones(100), 0);
    queue.add('b', ones(100), 0);
    queue.take(4);
    queue.take(4);
    queue.add('c', ones(100), 0);
    expect(names(queue.take(4))).toEqual(['a4', 'b4', 'c0', 'a5']);
    expect(names(queue.take(4))).toEqual(['b5', 'c1', 'a6', 'b6']);
  });

  it('lets a large request finish under a steady stream of single items that fills every batch', () => {
    const queue = createQueue();
    queue.add('large', ones(20), 0);
    let batches = 0;
    let served = 0;
    while (served < 20 && batches < 200) {
      for (let i = 0; i < 4; i++) queue.add('single', ones(1), 0);
      served += queue.take(4).filter(({ owner }) => owner === 'large').length;
      batches += 1;
    }
    expect(served).toBe(20);
  });

  it('never skips the head, even if its cost differs from the others', () => {
    const queue = createQueue();
    queue.add('x', costs(1, 1, 1, 1, 900, 1, 1, 1, 1), 0);
    expect(names(queue.take(4))).toEqual(['x0', 'x1', 'x2', 'x3']);
    expect(names(queue.take(1))).toEqual(['x4']);
  });

  it('goes on behind a request that leaves', () => {
    const queue = createQueue();
    const leaving = queue.add('a', costs(1, 2, 3), 0);
    queue.add('b', costs(4, 4), 0);
    queue.take(1);
    queue.remove(leaving);
    queue.remove(leaving);
    expect(queue).toMatchObject({ requests: 1, items: 2, cost: 8 });
    expect(names(queue.take(4))).toEqual(['b0', 'b1']);
    expect(names(queue.take(4))).toEqual([]);
  });
});

describe('priority', () => {
  it('goes before the order of arrival', () => {
    const queue = createQueue();
    queue.add('low', ones(4), -1);
    queue.add('normal', ones(4), 0);
    queue.add('high', ones(4), 5);
    const order = [queue.take(4), queue.take(4), queue.take(4)].map((taken) => taken[0]?.owner);
    expect(order).toEqual(['high', 'normal', 'low']);
  });

  it('takes precedence over similar cost, and lower priorities fill the remaining room', () => {
    const queue = createQueue();
    queue.add('low', costs(10, 10, 10, 10), 0);
    queue.add('high', costs(10, 500), 1);
    expect(names(queue.take(4))).toEqual(['high0', 'high1', 'low0', 'low1']);
  });

  it('lets the oldest request of lower priority lead every eighth batch', () => {
    const queue = createQueue(1);
    queue.add('older', ones(2), -5);
    queue.add('newer', ones(2), -1);
    queue.add('newest', ones(2), -9);
    const order: (string | undefined)[] = [];
    for (let i = 0; i < 16; i++) {
      queue.add('high', ones(1), 1);
      queue.add('high', ones(1), 1);
      order.push(queue.take(1)[0]?.owner);
    }
    const promoted = order.flatMap((owner, index) =>
      owner === 'high' ? [] : [`${owner ?? ''} ${String(index)}`],
    );
    expect(promoted).toEqual(['older 7', 'older 15']);
  });
});
