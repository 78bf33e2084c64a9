import type { Redis } from 'ioredis';
import { Packr } from 'msgpackr';
import { BULLMQ_PREFIX, STORE_PREFIX, WEBHOOK_QUEUE, queueNameOf } from '../queue-names.js';
import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import { parseHead, stringifyHead } from '../records/head-json.js';
import { idFloor } from '../records/job-id.js';
import {
  JOB_STATUSES,
  type JobHead,
  type JobRecord,
  type JobStatus,
  type VersionedHead,
  isTerminal,
} from '../records/job-record.js';
import type { Backlog, HeadChange, JobStore, ListOptions, NewJob, StatusCounts } from './job-store.js';
import {
  CHANGE_SCRIPT,
  INSERT_SCRIPT,
  ORPHANS_SCRIPT,
  ORPHAN_DELIVERIES_SCRIPT,
  SWEEP_SCRIPT,
} from './redis-scripts.js';

/** Redis' commands that {@link RedisJobStore} adds. */
interface Scripts {
  aerieInsert(prefix: string, jobs: Buffer): Promise<(string | null)[]>;
  aerieChange(prefix: string, channel: string, changes: Buffer): Promise<number[]>;
  aerieOrphans(
    ids: string,
    queue: string,
    from: string,
    to: string,
    count: number,
  ): Promise<[string | null, ...string[]]>;
  aerieOrphanDeliveries(
    pending: string,
    queue: string,
    before: number,
    from: number,
    count: number,
  ): Promise<[number, ...string[]]>;
  aerieSweep(prefix: string, now: number, maxFinished: number, limit: number): Promise<number>;
}

/** Channel on which changed jobs are announced. */
export const REDIS_CHANGES_CHANNEL = `${STORE_PREFIX}:changes`;

/** Seconds after which a batch without jobs is removed, because its submission was interrupted. */
const BATCH_GRACE_SECONDS = 600;

/** Jobs that one script examines, because other commands wait for it. */
const LOOKED_AT_ONCE = 1_000;

/** MessagePack, which Redis' scripts can read. */
const packer = new Packr({ useRecords: false });

/** The store in Redis. Each step is one script and therefore atomic. */
export class RedisJobStore implements JobStore {
  readonly #redis: Redis & Scripts;

  constructor(redis: Redis) {
    redis.defineCommand('aerieInsert', { numberOfKeys: 1, lua: INSERT_SCRIPT });
    redis.defineCommand('aerieChange', { numberOfKeys: 2, lua: CHANGE_SCRIPT });
    redis.defineCommand('aerieOrphans', { numberOfKeys: 2, lua: ORPHANS_SCRIPT });
    redis.defineCommand('aerieOrphanDeliveries', { numberOfKeys: 2, lua: ORPHAN_DELIVERIES_SCRIPT });
    redis.defineCommand('aerieSweep', { numberOfKeys: 1, lua: SWEEP_SCRIPT });
    this.#redis = redis as Redis & Scripts;
  }

  async open(): Promise<void> {
    await this.ping();
  }

  async ping(): Promise<void> {
    // Not PING, which a Redis that cannot write to its disk refuses although it can be read.
    await this.#redis.exists(key('tasks'));
  }

  async insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]> {
    const args: string[] = [];
    for (const job of jobs) {
      const { head, input } = job;
      args.push(head.id, head.task, stringifyHead(head), input, rareParts(job));
    }
    const taken = await this.#redis.aerieInsert(STORE_PREFIX, packer.pack(args));
    const batches = new Set(jobs.map(({ head }) => head.batchId).filter((id) => id !== null));
    await Promise.all([...batches].map((id) => this.#redis.persist(key('b', id))));
    return taken.map((head) => (head === null ? null : parseHead(head)));
  }

  async withKey(idempotencyKey: string): Promise<JobHead | null> {
    const id = await this.#redis.get(key('k', idempotencyKey));
    const [found] = id === null ? [] : await this.heads([id]);
    return found?.head ?? null;
  }

  heads(ids: readonly string[]): Promise<(VersionedHead | null)[]> {
    return Promise.all(
      ids.map(async (id) => {
        const [head, version] = await this.#redis.hmget(key('j', id), 'h', 'v');
        if (head === null || head === undefined) return null;
        return { head: parseHead(head), version: Number(version) };
      }),
    );
  }

  records(ids: readonly string[]): Promise<(JobRecord | null)[]> {
    return Promise.all(
      ids.map(async (id) => {
        const [head, version, input, result] = await this.#redis.hmget(key('j', id), 'h', 'v', 'i', 'r');
        if (head === null || head === undefined) return null;
        return {
          head: parseHead(head),
          version: Number(version),
          input: input ?? '',
          result: result ?? null,
        };
      }),
    );
  }

  async change(changes: readonly HeadChange[]): Promise<boolean[]> {
    const args: string[] = [];
    for (const change of changes) {
      const { previous, next, result, removeAt } = change;
      args.push(
        next.id,
        String(previous.version),
        String(previous.version + 1),
        placeOf(previous.head.status, next.task),
        placeOf(next.status, next.task),
        stringifyHead(next),
        result ?? '',
        removeAt === null ? '' : `${String(removeAt)} ${next.status} `,
        rareConsequences(change),
      );
    }
    const made = await this.#redis.aerieChange(STORE_PREFIX, REDIS_CHANGES_CHANNEL, packer.pack(args));
    return made.map((done) => done === 1);
  }

  async list({ status, after, limit }: ListOptions): Promise<JobHead[]> {
    const wanted = JOB_STATUSES.filter((other) => status === null || other === status);
    const unfinished = wanted.some((other) => !isTerminal(other));
    const tasks = unfinished ? await this.#redis.smembers(key('tasks')) : [];
    const keys = wanted.flatMap((other) =>
      isTerminal(other) ? [placeOf(other, '')] : tasks.map((task) => placeOf(other, task)),
    );
    const from = after === null ? '+' : `(${after}`;
    const found = await Promise.all(
      keys.map((place) => this.#redis.zrevrangebylex(place, from, '-', 'LIMIT', 0, limit)),
    );
    // A job that changed its state meanwhile may have been found twice.
    const ids = [...new Set(found.flat())].sort().reverse().slice(0, limit);
    const heads = await this.heads(ids);
    return heads.flatMap((at) => (at === null ? [] : [at.head]));
  }

  countAhead(task: string, id: string): Promise<number> {
    return this.#redis.zlexcount(key('p', task), '-', `(${id}`);
  }

  async backlog(task: string): Promise<Backlog> {
    const [pending, oldest] = await Promise.all([
      this.#redis.zcard(key('p', task)),
      this.#redis.zrange(key('p', task), 0, 0),
    ]);
    const [found] = await this.heads(oldest);
    return { pending, oldestPendingAt: found?.head.createdAt ?? null };
  }

  expired(now: number, limit: number): Promise<string[]> {
    return this.#redis.zrangebyscore(key('x'), '-inf', now, 'LIMIT', 0, limit);
  }

  async orphans(task: string, before: number, limit: number): Promise<string[]> {
    const queue = `${BULLMQ_PREFIX}:${queueNameOf(task)}:`;
    const lost: string[] = [];
    for (const status of ['pending', 'processing'] as const) {
      let from = '-';
      while (lost.length < limit) {
        const [last, ...found] = await this.#redis.aerieOrphans(
          placeOf(status, task),
          queue,
          from,
          `(${idFloor(before)}`,
          LOOKED_AT_ONCE,
        );
        lost.push(...found);
        if (last === null) break;
        from = `(${last}`;
      }
    }
    return lost.slice(0, limit);
  }

  sweep(now: number, maxFinished: number, limit: number): Promise<number> {
    return this.#redis.aerieSweep(STORE_PREFIX, now, maxFinished, limit);
  }

  async insertBatch(batch: JobBatch): Promise<void> {
    await this.#redis.set(key('b', batch.id), JSON.stringify(batch), 'EX', BATCH_GRACE_SECONDS, 'NX');
  }

  async batch(id: string): Promise<JobBatch | null> {
    const text = await this.#redis.get(key('b', id));
    return text === null ? null : (JSON.parse(text) as JobBatch);
  }

  async updateBatch(batch: JobBatch): Promise<void> {
    await this.#redis.set(key('b', batch.id), JSON.stringify(batch), 'KEEPTTL', 'XX' as never);
  }

  async batchCounts(id: string): Promise<StatusCounts> {
    const counts = await this.#redis.hgetall(key('bc', id));
    const of = (status: string) => Number(counts[status] ?? 0);
    return {
      pending: of('pending'),
      processing: of('processing'),
      completed: of('completed'),
      failed: of('failed'),
      canceled: of('canceled'),
    };
  }

  batchJobs(id: string, from: number, limit: number): Promise<string[]> {
    return this.#redis.zrangebyscore(key('bi', id), from, '+inf', 'LIMIT', 0, limit);
  }

  async delivery(id: string): Promise<Delivery | null> {
    const text = await this.#redis.get(key('d', id));
    return text === null ? null : (JSON.parse(text) as Delivery);
  }

  async updateDelivery(delivery: Delivery): Promise<void> {
    const stored = await this.#redis.set(key('d', delivery.id), JSON.stringify(delivery), 'XX');
    if (stored === null || delivery.status !== 'pending') await this.#redis.zrem(key('dp'), delivery.id);
  }

  async deliveriesOf(jobId: string): Promise<Delivery[]> {
    const ids = await this.#redis.lrange(key('dj', jobId), 0, -1);
    const deliveries = await Promise.all(ids.map((id) => this.delivery(id)));
    return deliveries.filter((delivery) => delivery !== null);
  }

  async orphanDeliveries(before: number, limit: number): Promise<string[]> {
    const queue = `${BULLMQ_PREFIX}:${WEBHOOK_QUEUE}:`;
    const lost: string[] = [];
    // Deliveries that end meanwhile shift the rest, and the next round finds any that were skipped.
    for (let from = 0; lost.length < limit; from += LOOKED_AT_ONCE) {
      const [looked, ...found] = await this.#redis.aerieOrphanDeliveries(
        key('dp'),
        queue,
        before,
        from,
        LOOKED_AT_ONCE,
      );
      lost.push(...found);
      if (looked < LOOKED_AT_ONCE) break;
    }
    return lost.slice(0, limit);
  }
}

/** The rare fields of a job, for the script. */
function rareParts({ head, idempotencyKey }: NewJob): string {
  const { expiresAt, batchId, batchIndex } = head;
  if (idempotencyKey === null && expiresAt === null && batchId === null) return '';
  return JSON.stringify({
    key: idempotencyKey ?? undefined,
    expires: expiresAt ?? undefined,
    batch: batchId ?? undefined,
    index: batchIndex ?? undefined,
  });
}

/** The rare consequences of a change, for the script. */
function rareConsequences({ previous: { head }, next, delivery }: HeadChange): string {
  const moved = head.status !== next.status;
  const expires = moved && head.status === 'pending' && head.expiresAt !== null;
  const batch = moved ? next.batchId : null;
  if (!expires && batch === null && delivery === null) return '';
  return JSON.stringify({
    ...(expires ? { expires } : {}),
    ...(batch === null ? {} : { batch, from: head.status, to: next.status }),
    delivery: delivery === null ? undefined : JSON.stringify(delivery),
  });
}

/** The sorted set of jobs in this state. */
function placeOf(status: JobStatus, task: string): string {
  if (status === 'pending') return key('p', task);
  return status === 'processing' ? key('w', task) : key('s', status);
}

function key(kind: string, name?: string): string {
  return name === undefined ? `${STORE_PREFIX}:${kind}` : `${STORE_PREFIX}:${kind}:${name}`;
}
