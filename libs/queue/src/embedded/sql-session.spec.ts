import type { PGlite } from '@electric-sql/pglite';
import { describe, expect, it } from '@jest/globals';
import { SqlSession } from './sql-session.js';

/** A database that records its statements in order. */
function recordingSession() {
  const ran: string[] = [];
  const run = (sql: string) => {
    ran.push(sql);
    return Promise.resolve({ rows: [], affectedRows: 0 });
  };
  const session = new SqlSession({ query: run } as unknown as PGlite);
  return { ran, session };
}

describe('SqlSession', () => {
  it('runs urgent statements first, and each kind in the order of arrival', async () => {
    const { ran, session } = recordingSession();
    const owner = {};
    await Promise.all([
      session.query(owner, 'under way', [1]),
      session.query(owner, 'a', [1]),
      session.query(owner, 'b', [1]),
      session.query(owner, 'urgent a', [1], true),
      session.query(owner, 'urgent b', [1], true),
    ]);
    expect(ran).toEqual(['under way', 'urgent a', 'urgent b', 'a', 'b']);
  });

  it('runs an ordinary statement after four urgent ones', async () => {
    const { ran, session } = recordingSession();
    const owner = {};
    const all = [session.query(owner, 'under way', [1])];
    for (let n = 0; n < 6; n++) all.push(session.query(owner, `urgent ${String(n)}`, [1], true));
    all.push(session.query(owner, 'renews a lock', [1]));
    await Promise.all(all);
    expect(ran.indexOf('renews a lock')).toBe(5);
  });

  it('runs no urgent statement within the transaction of another caller', async () => {
    const { ran, session } = recordingSession();
    const [one, other] = [{}, {}];
    await session.query(one, 'BEGIN', [1]);
    const urgent = session.query(other, 'urgent', [1], true);
    await session.query(one, 'in it', [1]);
    await session.query(one, 'COMMIT', [1]);
    await urgent;
    expect(ran).toEqual(['BEGIN', 'in it', 'COMMIT', 'urgent']);
  });
});
