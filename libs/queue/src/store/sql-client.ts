/** Runs SQL: a pool of node-postgres or of the embedded database. */
export interface SqlPool {
  query(sql: string, params?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Deadlocks and serialization failures, after which the same statement can be sent again. */
const TRY_AGAIN = new Set(['40P01', '40001']);
const MAX_TRIES = 5;

/** Runs a statement. Rows are typed by the caller, who wrote the statement. */
export async function runSql<R>(pool: SqlPool, sql: string, params: readonly unknown[]): Promise<R[]> {
  for (let tries = 1; ; tries++) {
    try {
      const { rows } = await pool.query(sql, params);
      return rows as R[];
    } catch (error) {
      if (tries === MAX_TRIES || !TRY_AGAIN.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}
