import type { JobRecord } from '../records/job-record.js';

/** Approximate maximum number of characters held. */
const MAX_LENGTH = 16 * 1024 * 1024;
/** Characters of a job without its input. */
const HEAD_LENGTH = 1_024;
/** Larger inputs are read from the store when needed. */
const MAX_INPUT_LENGTH = 16 * 1024;

/**
 * Jobs that this process has just stored, so that its worker need not read them. A job may have changed since. Writes
 * therefore name its version, and the job is read again if the version has changed.
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

  /** Returns the record and forgets it. */
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
