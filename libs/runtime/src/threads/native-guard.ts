const INTERRUPTIBLE = 0;
const IN_NATIVE_CODE = 1;
const DOOMED = 2;

/**
 * Prevents a model's thread from being terminated inside the session. ONNX Runtime's binding throws a C++ exception
 * when it returns to a terminated thread, which aborts the whole process. One side guards the session's calls, the other
 * asks before it terminates the thread; they share memory.
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

  /** In the owner's thread: whether the thread may be terminated. If so, it enters no native code anymore. */
  doom(): boolean {
    return Atomics.compareExchange(this.#state, 0, INTERRUPTIBLE, DOOMED) !== IN_NATIVE_CODE;
  }

  #enter(): void {
    if (
      this.#depth === 0 &&
      Atomics.compareExchange(this.#state, 0, INTERRUPTIBLE, IN_NATIVE_CODE) === DOOMED
    ) {
      throw new Error('The thread is being terminated.');
    }
    this.#depth += 1;
  }
}
