import { jest } from '@jest/globals';
import type { Job } from 'bullmq';

/** A job as BullMQ hands it out, for the id of a stored one. */
export function newBullJob(id: string, { attemptsStarted = 1, stalledCounter = 0 } = {}) {
  const moveToDelayed = jest.fn((_at: number, _token: string) => Promise.resolve());
  const moveToWait = jest.fn((_token: string) => Promise.resolve(0));
  const job = { id, data: { v: 1 }, attemptsStarted, stalledCounter, moveToDelayed, moveToWait };
  return { job: job as unknown as Job, moveToDelayed, moveToWait };
}
