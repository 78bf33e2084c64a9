const INTERRUPTIBLE = 0;
const IN_NATIVE_CODE = 1;
const DOOMED = 2;

/**
 * Keeps a model's thread from being terminated inside the session. ONNX Runtime's binding throws a C++ exception when it comes
 * back to a terminated thread, and that aborts the whole process. One side guards the session's calls, the other asks
 * before it terminates; the memory is shared.
 */
export class NativeGuard {
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;
  #depth = 0;

  constructor(memory = new SharedArrayBuffer(4)) {
    this.memory = memory;
    this.#state = new Int32Array(memory);
  }

  /** In the model's thread: calls `work`, during which the thread may not be terminated. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#enter();
    try {
      return await work();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) Atomics.store(this.#state, 0, INTERRUPTIBLE);
    }
  }

  /** In the owner's thread: whether the thread may be terminated. It enters no native code any more if so. */
  doom(): boolean {
    return Atomics.compareExchange(this.#state, 0, INTERRUPTIBLE, DOOMED) !== IN_NATIVE_CODE;
  }

  #enter(): void {
    if (
      this.#depth === 0 &&
      Atomics.compareExchange(this.#state, 0, INTERRUPTIBLE, IN_NATIVE_CODE) === DOOMED
    ) {
      throw new Error('The thread is being ended.');
    }
    this.#depth += 1;
  }
}
