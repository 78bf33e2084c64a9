import { describe, expect, it, jest } from '@jest/globals';
import { runSql, type SqlPool } from './sql-client.js';

const failure = (code: string) => Object.assign(new Error(code), { code });

function newPool() {
  return { query: jest.fn<SqlPool['query']>().mockResolvedValue({ rows: [{ id: 1 }] }) };
}

describe('runSql', () => {
  it('answers the rows', async () => {
    const pool = newPool();
    await expect(runSql(pool, 'SELECT $1', [1])).resolves.toEqual([{ id: 1 }]);
    expect(pool.query.mock.calls).toEqual([['SELECT $1', [1]]]);
  });

  it.each(['40P01', '40001'])('sends the statement again after %s', async (code) => {
    const pool = newPool();
    pool.query.mockRejectedValueOnce(failure(code));
    await expect(runSql(pool, 'UPDATE', [])).resolves.toEqual([{ id: 1 }]);
    expect(pool.query).toHaveBeenCalledTimes(2);
  });

  it('gives up after five tries', async () => {
    const pool = newPool();
    pool.query.mockRejectedValue(failure('40P01'));
    await expect(runSql(pool, 'UPDATE', [])).rejects.toThrow('40P01');
    expect(pool.query).toHaveBeenCalledTimes(5);
  });

  it('passes any other error on at once', async () => {
    const pool = newPool();
    pool.query.mockRejectedValueOnce(failure('23505'));
    await expect(runSql(pool, 'INSERT', [])).rejects.toThrow('23505');
    expect(pool.query).toHaveBeenCalledTimes(1);
  });
});
