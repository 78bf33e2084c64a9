import type { JobRecord } from '../records/job-record.js';

const MAX_RECORDS = 1_000;
/** Larger inputs are read when they are needed. */
const MAX_INPUT_LENGTH = 16_384;

/**
 * Jobs as this process has just stored them, so that its worker need not read them. One may have changed since: who
 * writes by it names its version, and reads when that is no longer so.
 */
export class FreshRecords {
  readonly #records = new Map<string, JobRecord>();

  add(record: JobRecord): void {
    if (record.input.length > MAX_INPUT_LENGTH) return;
    this.#records.set(record.head.id, record);
    if (this.#records.size <= MAX_RECORDS) return;
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
  }

  /** The record, once. */
  take(id: string): JobRecord | null {
    const record = this.#records.get(id) ?? null;
    this.#records.delete(id);
    return record;
  }
}
