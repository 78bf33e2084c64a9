import { describe, expect, it } from '@jest/globals';
import type { JobRecord } from '../records/job-record.js';
import { FreshRecords } from './fresh-records.js';

const record = (id: string, input = '{}') =>
  ({ head: { id }, version: 1, input, result: null }) as unknown as JobRecord;

describe('FreshRecords', () => {
  it('returns a record once', () => {
    const fresh = new FreshRecords();
    fresh.add(record('a'));
    expect(fresh.take('a')).toMatchObject({ head: { id: 'a' } });
    expect(fresh.take('a')).toBeNull();
  });

  it('forgets the oldest beyond 16 MB, and keeps no large input', () => {
    const fresh = new FreshRecords();
    const input = 'x'.repeat(16_384);
    const fitting = Math.floor((16 * 1024 * 1024) / (16_384 + 1_024));
    for (let n = 0; n <= fitting; n++) fresh.add(record(String(n), input));
    fresh.add(record('large', `${input}x`));
    expect([fresh.take('0'), fresh.take('large')]).toEqual([null, null]);
    expect(fresh.take('1')).not.toBeNull();
  });

  it('no longer counts records that were taken', () => {
    const fresh = new FreshRecords();
    const input = 'x'.repeat(16_384);
    fresh.add(record('first', input));
    for (let n = 0; n < 2_000; n++) {
      fresh.add(record(String(n), input));
      fresh.take(String(n));
    }
    expect(fresh.take('first')).not.toBeNull();
  });
});
