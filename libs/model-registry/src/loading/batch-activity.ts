/** Tracks whether there is work, and how long none of it has finished. */
export class BatchActivity {
  readonly #now: () => number;
  #requests = 0;
  #batches = 0;
  #movedAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get runningBatches(): number {
    return this.#batches;
  }

  requestStarted(): void {
    this.#wake();
    this.#requests += 1;
  }

  requestEnded(): void {
    this.#requests -= 1;
  }

  batchStarted(): void {
    this.#wake();
    this.#batches += 1;
  }

  batchEnded(): void {
    this.#batches -= 1;
    this.#movedAt = this.#now();
  }

  /** Milliseconds since the work began or the last batch ended, whichever is later; null without work. */
  stalledForMs(): number | null {
    return this.#isIdle() ? null : this.#now() - this.#movedAt;
  }

  #wake(): void {
    if (this.#isIdle()) this.#movedAt = this.#now();
  }

  #isIdle(): boolean {
    return this.#requests === 0 && this.#batches === 0;
  }
}
