import type { PGlite } from '@electric-sql/pglite';

interface Waiting {
  readonly owner: object;
  readonly urgent: boolean;
  readonly run: () => void;
}

/** At most so many urgent statements run before another one: locks must be renewed under any load. */
const URGENT_IN_A_ROW = 4;

/**
 * Shares PGlite's one session among many callers. A statement runs when it is its turn; while a caller has a transaction
 * open, the others wait for its end.
 */
export class SqlSession {
  readonly #database: PGlite;
  readonly #waiting: Waiting[] = [];
  #running = false;
  #urgentInARow = 0;
  #transactionOf: object | null = null;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /**
   * @param owner whose transaction the statement belongs to, if one is open
   * @param urgent whether it goes before those that are not
   */
  query(
    owner: object,
    sql: string,
    params: readonly unknown[],
    urgent = false,
  ): Promise<{ readonly rows: Record<string, unknown>[]; readonly rowCount: number }> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        owner,
        urgent,
        run: () => {
          void this.#run(owner, sql, params).then(resolve, reject);
        },
      });
      this.#next();
    });
  }

  /** Rolls back what `owner` left open. */
  async release(owner: object): Promise<void> {
    if (this.#transactionOf !== owner) return;
    await this.query(owner, 'ROLLBACK', []);
  }

  async #run(owner: object, sql: string, params: readonly unknown[]) {
    const command = /^\s*(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK)\b/i.exec(sql)?.[1]?.toUpperCase();
    try {
      if (command === 'BEGIN' || command === 'START TRANSACTION') this.#transactionOf = owner;
      if (params.length === 0 && isScript(sql)) {
        const results = await this.#database.exec(sql);
        return { rows: (results.at(-1)?.rows ?? []) as Record<string, unknown>[], rowCount: 0 };
      }
      const { rows, affectedRows } = await this.#database.query<Record<string, unknown>>(sql, [...params]);
      return { rows, rowCount: rows.length > 0 ? rows.length : (affectedRows ?? 0) };
    } finally {
      if (command === 'COMMIT' || command === 'END' || command === 'ROLLBACK') this.#transactionOf = null;
      this.#running = false;
      this.#next();
    }
  }

  #next(): void {
    if (this.#running) return;
    const turn = this.#transactionOf === null ? this.#firstTurn() : this.#turnOf(this.#transactionOf);
    const [waiting] = turn < 0 ? [] : this.#waiting.splice(turn, 1);
    if (waiting === undefined) return;
    this.#urgentInARow = waiting.urgent ? this.#urgentInARow + 1 : 0;
    this.#running = true;
    waiting.run();
  }

  #turnOf(transactionOf: object): number {
    return this.#waiting.findIndex(({ owner }) => owner === transactionOf);
  }

  #firstTurn(): number {
    const wanted = this.#urgentInARow < URGENT_IN_A_ROW;
    const turn = this.#waiting.findIndex(({ urgent }) => urgent === wanted);
    return turn < 0 && this.#waiting.length > 0 ? 0 : turn;
  }
}

/** Several statements, as migrations are: they take no parameters and need the simple protocol. */
function isScript(sql: string): boolean {
  return /;\s*\S/.test(sql);
}
