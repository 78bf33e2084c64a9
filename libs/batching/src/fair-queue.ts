import { type Candidate, type Costed, QueueLane, QueuePlace } from './queue-lane.js';

/** Number of batches to look ahead for items of similar cost. */
const LOOKAHEAD_BATCHES = 8;
/** While requests of lower priority wait, one of them leads every n-th batch. */
const PROMOTE_EVERY = 8;

/** An item taken from the queue. */
export interface TakenItem<T> {
  readonly owner: T;
  /** Index of the item in its request. */
  readonly index: number;
}

/**
 * The requests that wait for a batch, in serving order: by priority, then by start-time fair queuing, so
 * that a request of many items shares the batches with later requests instead of delaying them.
 *
 * Virtual time advances by the items taken divided by the requests waiting, as if all were served in parallel. Therefore a
 * steady stream of new requests cannot keep the rest of a large request waiting forever.
 */
export class FairQueue<T> {
  readonly #maxTokens: number;
  readonly #window: number;
  /** Lanes with requests, highest priority first. */
  readonly #lanes: QueueLane<T>[] = [];
  /** Places that the current batch has looked at. */
  #touched: QueuePlace<T>[] = [];
  #sequence = 0;
  #requests = 0;
  #items = 0;
  #cost = 0;
  /** Consecutive batches led by the highest priority while others waited. */
  #passedOver = 0;

  constructor(maxBatchSize: number, maxTokens: number) {
    this.#maxTokens = maxTokens;
    this.#window = maxBatchSize * LOOKAHEAD_BATCHES;
  }

  /** Requests waiting. */
  get requests(): number {
    return this.#requests;
  }

  /** Items waiting. */
  get items(): number {
    return this.#items;
  }

  /** Cost of all items waiting. */
  get cost(): number {
    return this.#cost;
  }

  add(owner: T, items: readonly Costed[], priority: number): QueuePlace<T> {
    const lane = this.#laneOf(priority);
    const place = new QueuePlace(owner, lane, items, this.#sequence++);
    lane.heap.push(place);
    lane.active += 1;
    this.#requests += 1;
    this.#items += items.length;
    this.#cost += place.cost;
    return place;
  }

  /** Drops the waiting items of a request. */
  remove(place: QueuePlace<T>): void {
    if (place.size === 0) return;
    this.#items -= place.size;
    this.#cost -= place.cost;
    place.clear();
    place.lane.heap.remove(place);
    this.#leave(place.lane);
  }

  /**
   * Takes the items of the next batch: always the head, and from a bounded window behind it the items that are
   * closest to it in cost, as many as fit. At most `maxItems`; none only if no item waits.
   */
  take(maxItems: number): TakenItem<T>[] {
    const leading = this.#leadingLane();
    if (leading === undefined) return [];
    const head = this.#look(leading);
    if (head === undefined) return [];
    const taken = [this.#pick(head)];
    if (maxItems > 1 && 2 * head.cost <= this.#maxTokens) this.#fill(taken, head.cost, maxItems);
    this.#putBack();
    return taken;
  }

  /** The lane that the head comes from. */
  #leadingLane(): QueueLane<T> | undefined {
    const [highest, ...lower] = this.#lanes;
    if (lower.length === 0) {
      this.#passedOver = 0;
      return highest;
    }
    this.#passedOver = (this.#passedOver + 1) % PROMOTE_EVERY;
    if (this.#passedOver !== 0) return highest;
    return lower.reduce((oldest, lane) => (lane.nextSequence < oldest.nextSequence ? lane : oldest));
  }

  #fill(taken: TakenItem<T>[], headCost: number, maxItems: number): void {
    const candidates = this.#candidates(headCost, maxItems - taken.length);
    // Sorting is stable and keeps the fair order among equals.
    candidates.sort(
      (a, b) =>
        b.place.lane.priority - a.place.lane.priority ||
        Math.abs(a.cost - headCost) - Math.abs(b.cost - headCost),
    );
    let largest = headCost;
    for (const candidate of candidates) {
      const size = taken.length + 1;
      if (size > maxItems || size * largest > this.#maxTokens) break;
      const cost = Math.max(largest, candidate.cost);
      if (size * cost > this.#maxTokens) continue;
      largest = cost;
      taken.push(this.#pick(candidate));
    }
  }

  /** Looks through the window in order, until it has found enough items that no later item could displace. */
  #candidates(headCost: number, wanted: number): Candidate<T>[] {
    const candidates: Candidate<T>[] = [];
    let missing = wanted;
    for (const lane of this.#lanes) {
      while (missing > 0 && candidates.length < this.#window) {
        const candidate = this.#look(lane);
        if (candidate === undefined) break;
        candidates.push(candidate);
        if (candidate.cost === headCost) missing -= 1;
      }
    }
    return candidates;
  }

  #look(lane: QueueLane<T>): Candidate<T> | undefined {
    const place = lane.heap.peek();
    if (place !== undefined && !place.isTouched) this.#touched.push(place);
    return lane.look();
  }

  #pick({ place, position, index, cost }: Candidate<T>): TakenItem<T> {
    place.take(position);
    this.#items -= 1;
    this.#cost -= cost;
    return { owner: place.owner, index };
  }

  /** Resets every place that was looked at to its first waiting item. */
  #putBack(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const { lane } of touched) {
      lane.virtualTime += lane.taken / lane.active;
      lane.taken = 0;
    }
    for (const place of touched) {
      place.rewind();
      if (place.size === 0) this.#leave(place.lane);
      else if (place.heapIndex < 0) place.lane.heap.push(place);
      else place.lane.heap.update(place);
    }
  }

  #laneOf(priority: number): QueueLane<T> {
    const at = this.#lanes.findIndex((lane) => lane.priority <= priority);
    const found = this.#lanes[at];
    if (found?.priority === priority) return found;
    const lane = new QueueLane<T>(priority);
    this.#lanes.splice(at < 0 ? this.#lanes.length : at, 0, lane);
    return lane;
  }

  /** Removes a request whose items have all left from the counts. */
  #leave(lane: QueueLane<T>): void {
    this.#requests -= 1;
    // Costs may be fractions: rounding errors must not accumulate.
    if (this.#items === 0) this.#cost = 0;
    lane.active -= 1;
    if (lane.active === 0) this.#lanes.splice(this.#lanes.indexOf(lane), 1);
  }
}
