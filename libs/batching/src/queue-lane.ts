import { type HeapNode, IndexedHeap } from './indexed-heap.js';

/** Marks an item that the current batch has taken. */
const TAKEN = -1;

/** Anything that has a length. */
export interface Costed {
  readonly cost: number;
}

/** An item that may go into the current batch. It keeps waiting until it is taken. */
export interface Candidate<T> {
  readonly place: QueuePlace<T>;
  /** Position among the items that its request has in the queue. */
  readonly position: number;
  /** Index of the item in its request. */
  readonly index: number;
  readonly cost: number;
}

/** Requests of one priority, in the order in which they are served. */
export class QueueLane<T> {
  readonly priority: number;
  /** Places that the current batch may still look at; between batches, all of them. */
  readonly heap = new IndexedHeap<QueuePlace<T>>(
    (a, b) => a.tag < b.tag || (a.tag === b.tag && a.sequence < b.sequence),
  );
  /** Virtual time of the lane: the items that each request could fairly have run so far; new requests start from here. */
  virtualTime = 0;
  /** Requests waiting. */
  active = 0;
  /** Items taken by the batch now being formed. */
  taken = 0;

  constructor(priority: number) {
    this.priority = priority;
  }

  /** Arrival number of the next request. */
  get nextSequence(): number {
    return this.heap.peek()?.sequence ?? Infinity;
  }

  /** The next item in fair order; the one after it comes with the next call. */
  look(): Candidate<T> | undefined {
    const place = this.heap.peek();
    if (place === undefined) return undefined;
    const candidate = place.look();
    if (place.hasMore) this.heap.update(place);
    else this.heap.remove(place);
    return candidate;
  }
}

/** A request's place in its lane. */
export class QueuePlace<T> implements HeapNode {
  readonly owner: T;
  readonly lane: QueueLane<T>;
  /** Arrival number, which breaks ties. */
  readonly sequence: number;
  heapIndex = -1;
  /** Virtual time at which the next item to look at may run: the arrival's plus the index of the item. */
  tag: number;
  readonly #items: readonly Costed[];
  readonly #start: number;
  /** Indexes of the items; those from `first` on are waiting, in order. */
  readonly #waiting: number[];
  #first = 0;
  /** How far the current batch has looked. */
  #scanned = 0;

  constructor(owner: T, lane: QueueLane<T>, items: readonly Costed[], sequence: number) {
    this.owner = owner;
    this.lane = lane;
    this.sequence = sequence;
    this.tag = lane.virtualTime;
    this.#items = items;
    this.#start = lane.virtualTime;
    this.#waiting = items.map((_, index) => index);
  }

  /** Items waiting. */
  get size(): number {
    return this.#waiting.length - this.#first;
  }

  /** Cost of the items waiting. */
  get cost(): number {
    let cost = 0;
    for (let position = this.#first; position < this.#waiting.length; position++) {
      cost += this.#costOf(this.#indexAt(position));
    }
    return cost;
  }

  /** Whether the current batch has looked at any item. */
  get isTouched(): boolean {
    return this.#scanned > this.#first;
  }

  /** Whether there are items that the current batch has not looked at. */
  get hasMore(): boolean {
    return this.#scanned < this.#waiting.length;
  }

  look(): Candidate<T> {
    const position = this.#scanned++;
    const index = this.#indexAt(position);
    this.#tagNext();
    return { place: this, position, index, cost: this.#costOf(index) };
  }

  /** Takes an item that was looked at. */
  take(position: number): void {
    this.#waiting[position] = TAKEN;
    this.lane.taken += 1;
  }

  /** Returns to the first waiting item, once the batch is complete. */
  rewind(): void {
    let first = this.#scanned;
    for (let position = this.#scanned - 1; position >= this.#first; position--) {
      const index = this.#indexAt(position);
      if (index !== TAKEN) this.#waiting[--first] = index;
    }
    this.#first = first;
    this.#scanned = first;
    this.#tagNext();
  }

  /** Drops every waiting item. */
  clear(): void {
    this.#waiting.length = 0;
    this.#first = 0;
    this.#scanned = 0;
  }

  #tagNext(): void {
    if (this.hasMore) this.tag = this.#start + this.#indexAt(this.#scanned);
  }

  #indexAt(position: number): number {
    const index = this.#waiting[position];
    if (index === undefined)
      throw new Error('the queue counts more items than a request has. This is a bug.');
    return index;
  }

  #costOf(index: number): number {
    return this.#items[index]?.cost ?? 0;
  }
}
