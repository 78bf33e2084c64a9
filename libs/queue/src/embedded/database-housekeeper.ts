import { every, systemClock } from '@aerie/runtime';

/** Runs a statement outside any transaction. */
type RunSql = (
  sql: string,
  params: readonly unknown[],
) => Promise<{ readonly rows: readonly Record<string, unknown>[] }>;

/** Dead rows of a table that are left alone, and a fifth of the living: as autovacuum has it, with a larger base. */
const DEAD_ROWS = 10_000;
/** After a crash the dead rows are not known; a table that is larger, bytes, is looked through once. */
const SMALL_TABLE = 4 * 1024 * 1024;
/** Bytes that are written again when the database is opened after a crash: half a second. */
const LOG_BYTES = 64 * 1024 * 1024;

const INTERVAL_MS = 10_000;

const DUE_SQL = `
SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables
 WHERE n_dead_tup > $1 + n_live_tup / 5 OR ($2 AND pg_relation_size(relid) > $3)`;

const LOG_SQL =
  'SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 AS bytes FROM pg_control_checkpoint()';

/**
 * Does the work of a PostgreSQL server's background processes, which PGlite, a single process, lacks: reclaims the space
 * of changed and removed rows (VACUUM), and truncates the log of changes (CHECKPOINT). Without them the directory grows
 * with every job, and so does the time to open it after a crash.
 */
export class DatabaseHousekeeper {
  readonly #runSql: RunSql;
  readonly #onRound: (trouble: unknown) => void;
  #isFirst = true;
  #stopRounds: (() => void) | null = null;
  #running = false;

  /**
   * @param onRound called after each round: with null, or with why it failed, for example on a full disk; the next one
   *   tries again
   */
  constructor(runSql: RunSql, onRound: (trouble: unknown) => void) {
    this.#runSql = runSql;
    this.#onRound = onRound;
  }

  start(): void {
    this.#stopRounds ??= every(systemClock, INTERVAL_MS, () => {
      if (this.#running) return;
      this.#running = true;
      void this.run()
        .then(
          () => null,
          (trouble: unknown) => trouble,
        )
        .then((trouble) => {
          this.#running = false;
          this.#onRound(trouble);
        });
    });
  }

  stop(): void {
    this.#stopRounds?.();
  }

  /** Does the work that is due: tens of milliseconds, during which the database does nothing else. */
  async run(): Promise<void> {
    const { rows } = await this.#runSql(DUE_SQL, [DEAD_ROWS, this.#isFirst, SMALL_TABLE]);
    this.#isFirst = false;
    // Pages that are empty stay: a plan made for a table without pages would read all that it has later.
    for (const { name } of rows) await this.#runSql(`VACUUM (TRUNCATE false) ${String(name)}`, []);
    const [log] = (await this.#runSql(LOG_SQL, [])).rows;
    if (Number(log?.bytes) > LOG_BYTES) await this.#runSql('CHECKPOINT', []);
  }
}
