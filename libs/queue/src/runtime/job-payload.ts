/** What BullMQ carries: the job itself is in the store. Version and id, checked when read. */
export interface JobPayload {
  readonly v: 1;
  readonly id: string;
}

/** The payload for an id. */
export function payloadOf(id: string): JobPayload {
  return { v: 1, id };
}

/**
 * @throws Error when a queue holds what this version cannot read
 */
export function parsePayload(data: unknown): JobPayload {
  const { v, id } = (data ?? {}) as Partial<Record<keyof JobPayload, unknown>>;
  if (v !== 1 || typeof id !== 'string') {
    throw new Error(
      `The queue holds a payload of version ${JSON.stringify(v)}; this server reads version 1.`,
    );
  }
  return { v, id };
}
