import { exponential } from './exponential.js';

/** Bins by weight, so that selecting the heaviest tokens needs sorting within one bin only. */
const BINS = 1024;

/**
 * The candidate tokens of one draw, with unnormalized weights: the most likely has weight 1. They stay in
 * the order of their ids. Arrays are kept between draws, so a draw allocates next to nothing.
 */
export class Candidates {
  readonly ids: Int32Array;
  readonly weights: Float64Array;
  count = 0;
  readonly #bins: Uint16Array;
  readonly #binCounts = new Int32Array(BINS);
  readonly #binWeights = new Float64Array(BINS);

  constructor(vocabSize: number) {
    this.ids = new Int32Array(vocabSize);
    this.weights = new Float64Array(vocabSize);
    this.#bins = new Uint16Array(vocabSize);
  }

  /**
   * Takes the tokens whose weight `exp((logit - max) / temperature)` is at least `minWeight`.
   * Dropping tokens by threshold before the exponential makes a draw cheap, because few tokens are near the maximum.
   */
  collect(logits: Float32Array, max: number, temperature: number, minWeight: number): void {
    const { ids, weights } = this;
    const bins = this.#bins;
    const range = -Math.log(minWeight);
    const threshold = max - range * temperature;
    // One extra bin for tokens that rounding puts beyond the range.
    const binsPerUnit = range === 0 ? 0 : (BINS - 2) / range;
    const perLogit = 1 / temperature;
    let count = 0;
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id] as number;
      if (logit < threshold) continue;
      const distance = (max - logit) * perLogit;
      ids[count] = id;
      weights[count] = exponential(distance);
      bins[count++] = distance * binsPerUnit;
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
    this.#fillBins();
    let kept = 0;
    let bin = 0;
    while (kept + (this.#binCounts[bin] as number) < k) kept += this.#binCounts[bin++] as number;
    this.#keepFront(bin, this.#heaviestOf(bin).slice(0, k - kept));
  }

  /** Keeps the fewest of the heaviest whose weights reach `share` of the total, at least one. */
  keepNucleus(share: number): void {
    this.#fillBins();
    const wanted = share * this.total();
    let sum = 0;
    let bin = 0;
    while (bin < BINS - 1 && sum + (this.#binWeights[bin] as number) < wanted)
      sum += this.#binWeights[bin++] as number;
    const ordered = this.#heaviestOf(bin);
    let kept = 0;
    while (kept < ordered.length && sum < wanted) sum += this.weights[ordered[kept++] as number] as number;
    this.#keepFront(bin, ordered.slice(0, kept));
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

  #fillBins(): void {
    this.#binCounts.fill(0);
    this.#binWeights.fill(0);
    for (let i = 0; i < this.count; i++) {
      const bin = this.#bins[i] as number;
      this.#binCounts[bin] = (this.#binCounts[bin] as number) + 1;
      this.#binWeights[bin] = (this.#binWeights[bin] as number) + (this.weights[i] as number);
    }
  }

  /** Positions of a bin's tokens, heaviest first; among equals, the lower id first. */
  #heaviestOf(bin: number): number[] {
    const places: number[] = [];
    for (let i = 0; i < this.count; i++) if (this.#bins[i] === bin) places.push(i);
    // The sort is stable and the positions are in the order of the ids.
    return places.sort((a, b) => (this.weights[b] as number) - (this.weights[a] as number));
  }

  /** Keeps the bins before `bin`, and of `bin` itself the given places. */
  #keepFront(bin: number, places: readonly number[]): void {
    const chosen = new Set(places);
    let count = 0;
    for (let i = 0; i < this.count; i++) {
      const own = this.#bins[i] as number;
      if (own > bin || (own === bin && !chosen.has(i))) continue;
      this.ids[count] = this.ids[i] as number;
      this.weights[count] = this.weights[i] as number;
      this.#bins[count] = own;
      count++;
    }
    this.count = count;
  }
}
