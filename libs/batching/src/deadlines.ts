import type { Clock } from '@aerie/runtime';
import { type HeapNode, IndexedHeap } from './indexed-heap.js';

/** A deadline that is being watched. */
export interface Deadline<T> extends HeapNode {
  readonly at: number;
  readonly owner: T;
}

/** Watches any number of deadlines with one timer, armed for the earliest. */
export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #onExpired: (owner: T) => void;
  readonly #heap = new IndexedHeap<Deadline<T>>((a, b) => a.at < b.at);
  #cancelTimer: (() => void) | null = null;
  #armedFor = Infinity;

  constructor(clock: Clock, onExpired: (owner: T) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  add(at: number, owner: T): Deadline<T> {
    const deadline = { at, owner, heapIndex: -1 };
    this.#heap.push(deadline);
    if (at < this.#armedFor) this.#arm(at);
    return deadline;
  }

  /** Forgets a deadline. The timer stays armed while others are left: firing early for nothing is cheaper than re-arming. */
  remove(deadline: Deadline<T>): void {
    this.#heap.remove(deadline);
    if (this.#heap.size === 0) this.#disarm();
  }

  /** Reports every deadline that has passed, for callers that cannot wait for the timer of a busy event loop. */
  expire(): void {
    const now = this.#clock.now();
    for (let first = this.#heap.peek(); first !== undefined && first.at <= now; first = this.#heap.peek()) {
      this.remove(first);
      this.#onExpired(first.owner);
    }
  }

  #arm(at: number): void {
    this.#disarm();
    this.#armedFor = at;
    // Rounded up, because timers drop fractions and would fire too early.
    const delayMs = Math.max(0, Math.ceil(at - this.#clock.now()));
    this.#cancelTimer = this.#clock.schedule(delayMs, () => {
      this.#cancelTimer = null;
      this.#armedFor = Infinity;
      this.expire();
      const next = this.#heap.peek();
      if (next !== undefined && next.at < this.#armedFor) this.#arm(next.at);
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#armedFor = Infinity;
  }
}
