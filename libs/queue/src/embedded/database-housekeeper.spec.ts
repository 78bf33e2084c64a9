import { PGlite } from '@electric-sql/pglite';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseHousekeeper } from './database-housekeeper.js';

const unexpected = () => {
  throw new Error('No round was expected.');
};

function setUp(due: readonly string[], logBytes: number) {
  const ran: string[] = [];
  const firsts: unknown[] = [];
  const runSql: ConstructorParameters<typeof DatabaseHousekeeper>[0] = (sql, params) => {
    if (sql.includes('pg_stat_user_tables')) {
      firsts.push(params[1]);
      return Promise.resolve({ rows: due.map((name) => ({ name })) });
    }
    if (sql.includes('pg_control_checkpoint')) return Promise.resolve({ rows: [{ bytes: logBytes }] });
    ran.push(sql);
    return Promise.resolve({ rows: [] });
  };
  return { sut: new DatabaseHousekeeper(runSql, unexpected), ran, firsts };
}

describe('DatabaseHousekeeper', () => {
  it('leaves jobs alone that are not due', async () => {
    const { sut, ran } = setUp([], 64 * 1024 * 1024);
    await sut.run();
    expect(ran).toEqual([]);
  });

  it('reclaims the space of dead rows, and truncates a long log', async () => {
    const { sut, ran } = setUp(['aerie.job', 'bullmq.job'], 64 * 1024 * 1024 + 1);
    await sut.run();
    expect(ran).toEqual([
      'VACUUM (TRUNCATE false) aerie.job',
      'VACUUM (TRUNCATE false) bullmq.job',
      'CHECKPOINT',
    ]);
  });

  it('scans large tables once, because their dead rows are unknown after a crash', async () => {
    const { sut, firsts } = setUp([], 0);
    await sut.run();
    await sut.run();
    expect(firsts).toEqual([true, false]);
  });

  let opened: PGlite | null = null;
  const open = async () => (opened = await PGlite.create());

  afterEach(async () => {
    await opened?.close();
    opened = null;
  });

  it('keeps a real database from growing', async () => {
    const database = await open();
    const number = async (sql: string) => {
      const { rows } = await database.query<{ n: number }>(`SELECT (${sql})::float8 AS n`);
      return rows[0]?.n ?? Number.NaN;
    };
    const size = () => number("pg_relation_size('job')");
    const log = () =>
      number('SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) FROM pg_control_checkpoint()');
    const sut = new DatabaseHousekeeper((sql, params) => database.query(sql, [...params]), unexpected);
    await database.exec('CREATE TABLE job (id int PRIMARY KEY, body text)');
    const fill = "INSERT INTO job SELECT n, repeat('x', 100) FROM generate_series(1, 11000) n";
    await database.exec(`${fill}; DELETE FROM job`);
    // Statistics are written once a second otherwise.
    await database.exec('SELECT pg_stat_force_next_flush()');
    await sut.run();
    const filled = await size();
    await database.exec(fill);
    expect(await size()).toBe(filled);
    await database.exec("SELECT pg_logical_emit_message(false, '', repeat('x', 70000000))");
    expect(await log()).toBeGreaterThan(64 * 1024 * 1024);
    await sut.run();
    expect(await log()).toBeLessThan(1024 * 1024);
  });

  describe('its schedule', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    it('runs every ten seconds, one round at a time, and reports each result, until it is stopped', async () => {
      jest.useFakeTimers();
      const nothing = { rows: [] };
      const due: { resolve(found: typeof nothing): void; reject(error: Error): void }[] = [];
      const rounds: unknown[] = [];
      const sut = new DatabaseHousekeeper(
        (sql) =>
          sql.includes('pg_stat_user_tables')
            ? new Promise((resolve, reject) => due.push({ resolve, reject }))
            : Promise.resolve(nothing),
        (trouble) => rounds.push(trouble),
      );
      sut.start();
      await jest.advanceTimersByTimeAsync(20_000);
      expect([due.length, rounds]).toEqual([1, []]);
      due[0]?.reject(new Error('disk full'));
      await jest.advanceTimersByTimeAsync(10_000);
      expect([due.length, rounds]).toEqual([2, [new Error('disk full')]]);
      due[1]?.resolve(nothing);
      await jest.advanceTimersByTimeAsync(10_000);
      expect([due.length, rounds]).toEqual([3, [new Error('disk full'), null]]);
      sut.stop();
      due[2]?.resolve(nothing);
      await jest.advanceTimersByTimeAsync(20_000);
      expect(due).toHaveLength(3);
    });
  });
});
