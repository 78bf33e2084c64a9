import { describe, expect, it, jest } from '@jest/globals';
import { UnrecoverableError } from 'bullmq';
import { newBullJob } from '../testing/bull-job.js';
import { newMemoryQueue } from '../testing/memory-queue.js';
import type { Delivery } from '../records/delivery.js';
import { DELIVERY_ATTEMPTS, deliveryBackoffMs } from './delivery-options.js';
import { type PostWebhook, WebhookProcessor } from './webhook.processor.js';

const HOUR_MS = 3_600_000;
const URL = 'https://receiver.example/hook';

async function setUp(secret: string | null = 'of the job') {
  const memory = await newMemoryQueue();
  const { jobs, clock, store, submit, headOf } = memory;
  const post = jest.fn<PostWebhook>(() => Promise.resolve({ status: 204 }));
  const sut = new WebhookProcessor({ jobs, post, secret: 'of the server', clock });
  const webhook = { url: URL, secret, events: ['job.failed'] as const };
  const jobId = await submit({
    status: 'failed',
    finishedAt: 2_000,
    error: { code: 'TIMEOUT', message: 'late' },
    event: { sequence: 3, type: 'job.failed', at: 2_000 },
    webhook,
  });
  const id = `${jobId}-3`;
  const event = headOf()?.event;
  if (event === undefined || event === null) throw new Error('The job has an event.');
  const delivery: Delivery = {
    v: 1,
    id,
    jobId,
    event,
    progress: 0,
    status: 'pending',
    attempts: [],
    nextAttemptAt: 2_000,
  };
  await store.updateDelivery(delivery);
  const deliver = () => sut.process(newBullJob(id).job, 'token');
  const stored = () => store.deliveriesById.get(id);
  return { ...memory, sut, post, id, deliver, stored };
}

describe('a webhook', () => {
  it('is sent once with its event, its id and a signature', async () => {
    const { deliver, post, stored, id } = await setUp();
    await deliver();
    const [url, request] = post.mock.calls[0] ?? [];
    expect([url, request?.headers['webhook-id']]).toEqual([URL, id]);
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      id,
      sequence: 3,
      type: 'job.failed',
      data: { status: 'failed', error: { code: 'TIMEOUT' } },
    });
    expect(stored()).toMatchObject({ status: 'delivered', nextAttemptAt: null, attempts: [{ status: 204 }] });
    await deliver();
    expect(post).toHaveBeenCalledTimes(1);
  });

  it('is signed with the secret of the server if the job has none', async () => {
    const signature = async (secret: string | null) => {
      const { deliver, post } = await setUp(secret);
      await deliver();
      return post.mock.calls[0]?.[1].headers['webhook-signature'];
    };
    expect(await signature(null)).toBe(await signature('of the server'));
    expect(await signature(null)).not.toBe(await signature('of the job'));
  });

  it('is tried eleven times over 22 hours with the waits of the schedule, then abandoned', async () => {
    const { deliver, post, stored, clock } = await setUp();
    post.mockImplementation(() => Promise.resolve({ status: 500 }));
    const beganAt = clock.now();
    const waits: number[] = [];
    for (let attempt = 1; attempt < DELIVERY_ATTEMPTS; attempt++) {
      const failed = await deliver().catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(Error);
      expect(failed).not.toBeInstanceOf(UnrecoverableError);
      const wait = (stored()?.nextAttemptAt ?? 0) - clock.now();
      expect(wait).toBe(deliveryBackoffMs(attempt, () => 0.5));
      waits.push(wait / 1_000);
      clock.jump(wait);
    }
    await expect(deliver()).rejects.toBeInstanceOf(UnrecoverableError);
    expect(waits).toEqual([5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800]);
    expect((clock.now() - beganAt) / HOUR_MS).toBeCloseTo(21.7, 1);
    expect(stored()).toMatchObject({ status: 'failed', nextAttemptAt: null });
    expect(stored()?.attempts).toHaveLength(11);
  });

  it('is abandoned at once if the receiver answers 410', async () => {
    const { deliver, post, stored } = await setUp();
    post.mockImplementation(() => Promise.resolve({ status: 410 }));
    await expect(deliver()).rejects.toBeInstanceOf(UnrecoverableError);
    expect(stored()).toMatchObject({ status: 'failed', attempts: [{ status: 410 }] });
  });

  it('is sent again with the same id if the answer was lost', async () => {
    const { deliver, post, stored } = await setUp();
    post.mockImplementationOnce(() => Promise.reject(new Error('The receiver hung up.')));
    await expect(deliver()).rejects.toThrow('The receiver hung up.');
    await deliver();
    const ids = post.mock.calls.map(([, { headers }]) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    expect(stored()).toMatchObject({
      status: 'delivered',
      attempts: [{ status: null, error: 'The receiver hung up.' }, { status: 204 }],
    });
  });

  it('of a removed job is dropped', async () => {
    const { deliver, post, store } = await setUp();
    store.jobs.clear();
    await deliver();
    expect(post).not.toHaveBeenCalled();
  });
});
