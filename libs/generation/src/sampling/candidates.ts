/**
 * Tokens still in the running for one draw, with unnormalized weights: the most likely has weight 1.
 * Arrays are kept between draws, so a draw allocates nothing.
 */
export class Candidates {
  readonly ids: Int32Array;
  readonly weights: Float64Array;
  count = 0;

  constructor(vocabSize: number) {
    this.ids = new Int32Array(vocabSize);
    this.weights = new Float64Array(vocabSize);
  }

  /**
   * Takes the tokens whose weight `exp((logit - max) / temperature)` is at least `minWeight`.
   * Dropping by threshold before the exponential is what makes a draw cheap: few tokens are near the maximum.
   */
  collect(logits: Float32Array, max: number, temperature: number, minWeight: number): void {
    const { ids } = this;
    const threshold = max + Math.log(minWeight) * temperature;
    let count = 0;
    for (let id = 0; id < logits.length; id++) {
      if ((logits[id] as number) >= threshold) ids[count++] = id;
    }
    const { weights } = this;
    for (let i = 0; i < count; i++) {
      weights[i] = Math.exp(((logits[ids[i] as number] as number) - max) / temperature);
    }
    this.count = count;
  }

  /** Sum of the weights. */
  total(): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) sum += this.weights[i] as number;
    return sum;
  }

  /** Keeps the `k` heaviest. Ties go to the lower token id. */
  keepTop(k: number): void {
    if (k >= this.count) return;
    this.#select(k);
    this.count = k;
  }

  /**
   * Keeps the fewest of the heaviest whose weights reach `share` of the total, at least one, sorted heaviest first.
   * Sorts only as many as it must: the front is selected in growing steps until it holds enough weight.
   */
  keepNucleus(share: number): void {
    const wanted = share * this.total();
    let front = Math.min(64, this.count);
    for (;;) {
      if (front < this.count) this.#select(front);
      let sum = 0;
      for (let i = 0; i < front; i++) sum += this.weights[i] as number;
      if (sum >= wanted || front === this.count) break;
      front = Math.min(front * 4, this.count);
    }
    this.#sort(front);
    let sum = 0;
    let kept = 0;
    while (kept < front && (kept === 0 || sum < wanted)) sum += this.weights[kept++] as number;
    this.count = kept;
  }

  /** The token at which the running sum of weights passes `share` (in [0, 1)) of their total. */
  pick(share: number): number {
    const target = share * this.total();
    let sum = 0;
    for (let i = 0; i < this.count; i++) {
      sum += this.weights[i] as number;
      if (sum > target) return this.ids[i] as number;
    }
    return this.ids[this.count - 1] as number;
  }

  /** Whether entry `a` comes before entry `b`: heavier, or as heavy with a lower id. */
  #before(a: number, weight: number, id: number): boolean {
    const own = this.weights[a] as number;
    return own > weight || (own === weight && (this.ids[a] as number) < id);
  }

  #swap(a: number, b: number): void {
    const { ids, weights } = this;
    const id = ids[a] as number;
    const weight = weights[a] as number;
    ids[a] = ids[b] as number;
    weights[a] = weights[b] as number;
    ids[b] = id;
    weights[b] = weight;
  }

  /** Quickselect: the first `k` places hold the `k` heaviest, in no order. */
  #select(k: number): void {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = this.#partition(low, high);
      if (middle === k || middle === k - 1) return;
      if (middle < k) low = middle + 1;
      else high = middle - 1;
    }
  }

  #partition(low: number, high: number): number {
    this.#swap((low + high) >>> 1, high);
    const weight = this.weights[high] as number;
    const id = this.ids[high] as number;
    let place = low;
    for (let i = low; i < high; i++) {
      if (this.#before(i, weight, id)) this.#swap(i, place++);
    }
    this.#swap(place, high);
    return place;
  }

  /** Sorts the first `count` entries, heaviest first. */
  #sort(count: number): void {
    const pending: (readonly [number, number])[] = [[0, count - 1]];
    for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
      const [low, high] = range;
      if (low >= high) continue;
      const middle = this.#partition(low, high);
      pending.push([low, middle - 1], [middle + 1, high]);
    }
  }
}
