import type { Job } from 'bullmq';

/** The payload version, checked when it is read. The payload holds nothing else; the job is in the store. */
export interface JobPayload {
  readonly v: 1;
}

/** The payload of each job. */
export const PAYLOAD: JobPayload = { v: 1 };

/**
 * The store's id of a job that BullMQ hands out.
 *
 * @throws Error if the queue holds a payload that this version cannot read
 */
export function idOf({ id, data }: Job<unknown>): string {
  const { v } = (data ?? {}) as Partial<Record<keyof JobPayload, unknown>>;
  if (v !== 1 || id === undefined) {
    throw new Error(
      `The queue holds a payload of version ${JSON.stringify(v)}; this server reads version 1.`,
    );
  }
  return id;
}
