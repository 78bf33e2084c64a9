import type { Job } from 'bullmq';

/** What BullMQ carries beside the id: the job itself is in the store. Version, checked when read. */
export interface JobPayload {
  readonly v: 1;
}

/** The payload of each job. */
export const PAYLOAD: JobPayload = { v: 1 };

/**
 * The id in the store of what a queue gives out.
 *
 * @throws Error when a queue holds what this version cannot read
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
