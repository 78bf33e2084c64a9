import type { Delivery } from '../records/delivery.js';
import type { JobBatch } from '../records/job-batch.js';
import { parseHead, stringifyHead } from '../records/head-json.js';
import { idFloor } from '../records/job-id.js';
import type { JobHead, JobRecord, JobStatus, VersionedHead } from '../records/job-record.js';
import { WEBHOOK_QUEUE, queueNameOf } from '../queue-names.js';
import type { Backlog, HeadChange, JobStore, ListOptions, NewJob, StatusCounts } from './job-store.js';
import { CHANGE_SQL, INSERT_SQL, SCHEMA_SQL } from './sql-schema.js';
import { type SqlPool, runSql } from './sql-client.js';

interface HeadRow {
  readonly id: string;
  readonly version: number;
  readonly head: string;
}

interface RecordRow extends HeadRow {
  readonly input: string;
  readonly result: string | null;
}

/** The store in PostgreSQL, on a server or embedded. BullMQ's tables are in the same database, in the schema `bullmq`. */
export class SqlJobStore implements JobStore {
  readonly #pool: SqlPool;
  readonly #urgentPool: SqlPool;

  /** @param urgentPool for operations that callers wait for */
  constructor(pool: SqlPool, urgentPool: SqlPool = pool) {
    this.#pool = pool;
    this.#urgentPool = urgentPool;
  }

  async open(): Promise<void> {
    await this.#pool.query(SCHEMA_SQL);
  }

  async ping(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  async insert(jobs: readonly NewJob[]): Promise<(JobHead | null)[]> {
    const heads = jobs.map(({ head }) => head);
    const rows = await runSql<{ id: string }>(this.#urgentPool, INSERT_SQL, [
      heads.map(({ id }) => id),
      heads.map(({ task }) => task),
      heads.map(({ status }) => status),
      heads.map((head) => stringifyHead(head)),
      jobs.map(({ input }) => input),
      jobs.map(({ idempotencyKey }) => idempotencyKey),
      heads.map(({ expiresAt }) => expiresAt),
      heads.map(({ batchId }) => batchId),
      heads.map(({ batchIndex }) => batchIndex),
    ]);
    if (rows.length === jobs.length) return jobs.map(() => null);
    const made = new Set(rows.map(({ id }) => id));
    const keys = jobs.filter(({ head }) => !made.has(head.id)).map(({ idempotencyKey }) => idempotencyKey);
    const taken = await this.#run<{ key: string; head: string }>(
      'SELECT idempotency_key AS key, head FROM aerie.job WHERE idempotency_key = ANY($1::text[])',
      [keys],
    );
    const byKey = new Map(taken.map(({ key, head }) => [key, parseHead(head)]));
    return jobs.map(({ head, idempotencyKey }) => {
      const other = idempotencyKey === null ? undefined : byKey.get(idempotencyKey);
      // The job itself: the insert was repeated because its first answer was lost.
      return made.has(head.id) || other?.id === head.id ? null : (other ?? null);
    });
  }

  async withKey(key: string): Promise<JobHead | null> {
    const sql = 'SELECT head FROM aerie.job WHERE idempotency_key = $1';
    const [row] = await this.#run<{ head: string }>(sql, [key]);
    return row === undefined ? null : parseHead(row.head);
  }

  async heads(ids: readonly string[]): Promise<(VersionedHead | null)[]> {
    const rows = await this.#run<HeadRow>(
      'SELECT id, version, head FROM aerie.job WHERE id = ANY($1::text[])',
      [ids],
    );
    return inOrder(ids, rows, ({ version, head }) => ({ version, head: parseHead(head) }));
  }

  async records(ids: readonly string[]): Promise<(JobRecord | null)[]> {
    const rows = await this.#run<RecordRow>(
      'SELECT id, version, head, input, result FROM aerie.job WHERE id = ANY($1::text[])',
      [ids],
    );
    return inOrder(ids, rows, ({ version, head, input, result }) => ({
      version,
      head: parseHead(head),
      input,
      result,
    }));
  }

  async change(changes: readonly HeadChange[]): Promise<boolean[]> {
    const rows = await this.#run<{ id: string }>(CHANGE_SQL, [
      changes.map(({ next }) => next.id),
      changes.map(({ previous }) => previous.version),
      changes.map(({ next }) => next.status),
      changes.map(({ next }) => stringifyHead(next)),
      changes.map(({ result }) => result),
      changes.map(({ removeAt }) => removeAt),
      changes.map(({ delivery }) => delivery?.id ?? null),
      changes.map(({ delivery }) => (delivery === null ? null : JSON.stringify(delivery))),
    ]);
    const made = new Set(rows.map(({ id }) => id));
    return changes.map(({ next }) => made.has(next.id));
  }

  async list({ status, after, limit }: ListOptions): Promise<JobHead[]> {
    const rows = await this.#run<{ head: string }>(
      status === null
        ? 'SELECT head FROM aerie.job WHERE ($1::text IS NULL OR id < $1) ORDER BY id DESC LIMIT $2'
        : 'SELECT head FROM aerie.job WHERE ($1::text IS NULL OR id < $1) AND status = $3 ORDER BY id DESC LIMIT $2',
      status === null ? [after, limit] : [after, limit, status],
    );
    return rows.map(({ head }) => parseHead(head));
  }

  async countAhead(task: string, id: string): Promise<number> {
    const rows = await this.#run<{ n: number }>(
      "SELECT count(*)::int AS n FROM aerie.job WHERE status = 'pending' AND task = $1 AND id < $2",
      [task, id],
    );
    return rows[0]?.n ?? 0;
  }

  async backlog(task: string): Promise<Backlog> {
    const rows = await this.#run<{ n: number; head: string | null }>(
      `SELECT (SELECT count(*)::int FROM aerie.job WHERE status = 'pending' AND task = $1) AS n,
              (SELECT head FROM aerie.job WHERE status = 'pending' AND task = $1 ORDER BY id LIMIT 1) AS head`,
      [task],
    );
    const oldest = rows[0]?.head ?? null;
    return {
      pending: rows[0]?.n ?? 0,
      oldestPendingAt: oldest === null ? null : parseHead(oldest).createdAt,
    };
  }

  expired(now: number, limit: number): Promise<string[]> {
    return this.#ids(
      "SELECT id FROM aerie.job WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
      [now, limit],
    );
  }

  orphans(task: string, before: number, limit: number): Promise<string[]> {
    return this.#ids(
      `SELECT id FROM aerie.job j
        WHERE status IN ('pending', 'processing') AND task = $1 AND id < $2
          AND NOT EXISTS (SELECT 1 FROM bullmq.job b WHERE b.queue = $3 AND b.id = j.id)
        ORDER BY id LIMIT $4`,
      [task, idFloor(before), queueNameOf(task), limit],
    );
  }

  async sweep(now: number, maxFinished: number, limit: number): Promise<number> {
    const removed = await this.#ids(
      `WITH surplus AS (
         SELECT greatest(0, (SELECT count(*) FROM aerie.job WHERE remove_at IS NOT NULL) - $2)::int AS n
       ), gone AS (
         SELECT id FROM (SELECT id, remove_at, row_number() OVER (ORDER BY remove_at) AS place
                           FROM (SELECT id, remove_at FROM aerie.job WHERE remove_at IS NOT NULL
                                  ORDER BY remove_at LIMIT $3) oldest) old
          WHERE remove_at <= $1 OR place <= (SELECT n FROM surplus)
       )
       DELETE FROM aerie.job WHERE id IN (SELECT id FROM gone) RETURNING id`,
      [now, maxFinished, limit],
    );
    await this.#run(
      'DELETE FROM aerie.batch b WHERE id < $1 AND NOT EXISTS (SELECT 1 FROM aerie.job j WHERE j.batch_id = b.id)',
      [idFloor(now - BATCH_GRACE_MS)],
    );
    return removed.length;
  }

  async insertBatch(batch: JobBatch): Promise<void> {
    await this.#run('INSERT INTO aerie.batch (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      batch.id,
      JSON.stringify(batch),
    ]);
  }

  async batch(id: string): Promise<JobBatch | null> {
    const [row] = await this.#run<{ body: string }>('SELECT body FROM aerie.batch WHERE id = $1', [id]);
    return row === undefined ? null : (JSON.parse(row.body) as JobBatch);
  }

  async updateBatch(batch: JobBatch): Promise<void> {
    await this.#run('UPDATE aerie.batch SET body = $2 WHERE id = $1', [batch.id, JSON.stringify(batch)]);
  }

  async batchCounts(id: string): Promise<StatusCounts> {
    const rows = await this.#run<{ status: JobStatus; n: number }>(
      'SELECT status, count(*)::int AS n FROM aerie.job WHERE batch_id = $1 GROUP BY status',
      [id],
    );
    const counts = { pending: 0, processing: 0, completed: 0, failed: 0, canceled: 0 };
    for (const { status, n } of rows) counts[status] = n;
    return counts;
  }

  batchJobs(id: string, from: number, limit: number): Promise<string[]> {
    return this.#ids(
      'SELECT id FROM aerie.job WHERE batch_id = $1 AND batch_index >= $2 ORDER BY batch_index LIMIT $3',
      [id, from, limit],
    );
  }

  async delivery(id: string): Promise<Delivery | null> {
    const [row] = await this.#run<{ body: string }>('SELECT body FROM aerie.delivery WHERE id = $1', [id]);
    return row === undefined ? null : (JSON.parse(row.body) as Delivery);
  }

  async updateDelivery(delivery: Delivery): Promise<void> {
    await this.#run('UPDATE aerie.delivery SET status = $2, body = $3 WHERE id = $1', [
      delivery.id,
      delivery.status,
      JSON.stringify(delivery),
    ]);
  }

  async deliveriesOf(jobId: string): Promise<Delivery[]> {
    const rows = await this.#run<{ body: string }>(
      'SELECT body FROM aerie.delivery WHERE job_id = $1 ORDER BY length(id), id',
      [jobId],
    );
    return rows.map(({ body }) => JSON.parse(body) as Delivery);
  }

  orphanDeliveries(before: number, limit: number): Promise<string[]> {
    return this.#ids(
      `SELECT id FROM aerie.delivery d
        WHERE status = 'pending' AND (body::json -> 'event' ->> 'at')::bigint < $1
          AND NOT EXISTS (SELECT 1 FROM bullmq.job b WHERE b.queue = $2 AND b.id = d.id)
        ORDER BY id LIMIT $3`,
      [before, WEBHOOK_QUEUE, limit],
    );
  }

  async #ids(sql: string, params: readonly unknown[]): Promise<string[]> {
    const rows = await this.#run<{ id: string }>(sql, params);
    return rows.map(({ id }) => id);
  }

  #run<R>(sql: string, params: readonly unknown[]): Promise<R[]> {
    return runSql<R>(this.#pool, sql, params);
  }
}

/** How long a batch may have no jobs, because it is stored before them. */
const BATCH_GRACE_MS = 600_000;

function inOrder<Row extends { readonly id: string }, T>(
  ids: readonly string[],
  rows: readonly Row[],
  read: (row: Row) => T,
): (T | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = byId.get(id);
    return row === undefined ? null : read(row);
  });
}
