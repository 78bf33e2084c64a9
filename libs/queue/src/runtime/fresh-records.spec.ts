import { describe, expect, it } from '@jest/globals';
import type { JobRecord } from '../records/job-record.js';
import { FreshRecords } from './fresh-records.js';

const record = (id: string, input = '{}') =>
  ({ head: { id }, version: 1, input, result: null }) as unknown as JobRecord;

describe('FreshRecords', () => {
  it('gives a record once', () => {
    const fresh = new FreshRecords();
    fresh.add(record('a'));
    expect(fresh.take('a')).toMatchObject({ head: { id: 'a' } });
    expect(fresh.take('a')).toBeNull();
  });

  it('forgets the oldest beyond a thousand, and keeps no large input', () => {
    const fresh = new FreshRecords();
    for (let n = 0; n < 1_001; n++) fresh.add(record(String(n)));
    fresh.add(record('large', 'x'.repeat(16_385)));
    expect([fresh.take('0'), fresh.take('large')]).toEqual([null, null]);
    expect(fresh.take('1')).not.toBeNull();
  });
});
