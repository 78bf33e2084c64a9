import { describe, expect, it } from '@jest/globals';
import type { JobHead } from '../records/job-record.js';
import type { NewJob } from '../store/job-store.js';
import { JobSubmitter, type SubmitterConnection } from './job-submitter.js';

const NOW = 1_000;

function job(id: string, idempotencyKey: string | null = null, task = 'embed'): NewJob {
  const head = { id, task, priority: 0, runAt: NOW } as JobHead;
  return { head, input: '{}', idempotencyKey };
}

/** A store that answers on demand, and queues that accept everything. */
function setUp(kind: SubmitterConnection['kind'], inOrder: boolean) {
  const log: string[] = [];
  const inserts: ((taken: (JobHead | null)[] | Error) => void)[] = [];
  const connection: SubmitterConnection = {
    kind,
    inOrder,
    jobOptions: {},
    store: {
      insert: (jobs) =>
        new Promise((resolve, reject) => {
          log.push(`store ${jobs.map(({ head }) => head.id).join(' ')}`);
          inserts.push((taken) => {
            if (taken instanceof Error) reject(taken);
            else resolve(taken);
          });
        }),
    },
  };
  const queueOf = (name: string) => ({
    add: (_: string, __: unknown, { jobId = '' } = {}) => {
      log.push(`add ${name} ${jobId}`);
      return Promise.resolve({} as never);
    },
    addBulk: (jobs: { opts?: { jobId?: string } }[]) => {
      log.push(`addBulk ${name} ${jobs.map(({ opts }) => opts?.jobId ?? '').join(' ')}`);
      return Promise.resolve([]);
    },
  });
  return { sut: new JobSubmitter(connection, queueOf as never, () => NOW), log, inserts };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('JobSubmitter', () => {
  it('sends to store and queue at once if the backend keeps the order', async () => {
    const { sut, log, inserts } = setUp('redis', true);
    const submitted = sut.submit([job('a'), job('b'), job('c', null, 'predict')]);
    await turn();
    expect(log).toEqual(['store a b c', 'addBulk aerie-embed a b', 'add aerie-predict c']);
    expect(sut.takeFresh('a')).toMatchObject({ version: 1, input: '{}' });
    inserts[0]?.([null, null, null]);
    expect((await submitted).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('queues a job with an idempotency key only after it is stored, and no duplicate', async () => {
    const { sut, log, inserts } = setUp('redis', true);
    const submitted = sut.submit([job('a', 'k1'), job('b', 'k2')]);
    await turn();
    expect(log).toEqual(['store a b']);
    expect(sut.takeFresh('a')).toBeNull();
    inserts[0]?.([null, job('earlier').head]);
    expect((await submitted).map(({ id }) => id)).toEqual(['a', 'earlier']);
    expect(log.slice(1)).toEqual(['add aerie-embed a']);
    expect(sut.takeFresh('a')).not.toBeNull();
  });

  it('waits for the store if the backend does not keep the order', async () => {
    const { sut, log, inserts } = setUp('postgres', false);
    const submitted = sut.submit([job('a')]);
    await turn();
    expect(log).toEqual(['store a']);
    inserts[0]?.([null]);
    await submitted;
    expect(log.slice(1)).toEqual(['add aerie-embed a']);
  });

  it('forgets jobs that could not be stored', async () => {
    const { sut, inserts } = setUp('redis', true);
    const submitted = sut.submit([job('a')]);
    await turn();
    inserts[0]?.(new Error('away'));
    await expect(submitted).rejects.toThrow('away');
    expect(sut.takeFresh('a')).toBeNull();
  });

  it('adds few jobs to the SQL queues one by one, and many together', async () => {
    const { sut, log, inserts } = setUp('postgres', false);
    for (const [turnNumber, count] of [5, 6].entries()) {
      const submitted = sut.submit(
        Array.from({ length: count }, (_, n) => job(`${String(count)}-${String(n)}`)),
      );
      await turn();
      inserts[turnNumber]?.(new Array<null>(count).fill(null));
      await submitted;
    }
    expect(log.map((line) => line.split(' ')[0])).toEqual([
      'store',
      ...new Array<string>(5).fill('add'),
      'store',
      'addBulk',
    ]);
  });
});
