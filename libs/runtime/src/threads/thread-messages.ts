import type { SerializedError } from '../serialized-error.js';

/** Orders to a thread, beside the messages of its user. */
export interface ThreadOrder {
  /** `close`: give everything back and end. `exit`: end as soon as native code returns. */
  readonly order: 'close' | 'exit';
}

/** A thread's report of its start, beside the messages of its user. */
export type ThreadReport<Ready> =
  | { readonly report: 'ready'; readonly value: Ready }
  | { readonly report: 'start-failed'; readonly error: SerializedError };

/** Everything that a thread is started with. */
export interface ThreadStart<Data> {
  readonly data: Data;
  /** Memory of the thread's {@link NativeGuard}. */
  readonly guard: SharedArrayBuffer;
}
