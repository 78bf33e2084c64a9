import type { JobRecord } from '../records/job-record.js';

/** Approximate maximum number of characters held. */
const MAX_LENGTH = 16 * 1024 * 1024;
/** Characters of a job beside its input. */
const HEAD_LENGTH = 1_024;
/** Larger inputs are read from the store when needed. */
const MAX_INPUT_LENGTH = 16 * 1024;

/**
 * Jobs as this process has just stored them, so that its worker need not read them. One may have changed since: who
 * writes by it names its version, and reads when that is no longer so.
 */
export class FreshRecords {
  readonly #records = new Map<string, JobRecord>();
  #length = 0;

  add(record: JobRecord): void {
    if (record.input.length > MAX_INPUT_LENGTH) return;
    this.#records.set(record.head.id, record);
    this.#length += lengthOf(record);
    while (this.#length > MAX_LENGTH) {
      const [oldest] = this.#records.keys();
      if (oldest === undefined) return;
      this.take(oldest);
    }
  }

  /** The record, once. */
  take(id: string): JobRecord | null {
    const record = this.#records.get(id);
    if (record === undefined) return null;
    this.#records.delete(id);
    this.#length -= lengthOf(record);
    return record;
  }
}

function lengthOf({ input }: JobRecord): number {
  return HEAD_LENGTH + input.length;
}
