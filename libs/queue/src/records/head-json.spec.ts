import { describe, expect, it } from '@jest/globals';
import { PENDING_JOB } from '../testing/pending-job.js';
import { parseHead, stringifyHead } from './head-json.js';
import type { JobHead } from './job-record.js';

const FRESH: JobHead = { ...PENDING_JOB, id: 'job-1', task: 'text-embedding', maxAttempts: 3, runAt: 2_000 };

const FULL: JobHead = {
  ...FRESH,
  status: 'failed',
  model: 'minilm-l6-v2',
  modelVersion: '1',
  stickyKey: 'key',
  priority: 7,
  attempts: 2,
  deaths: 1,
  handBacks: 1,
  runId: 'run',
  cancelRequested: true,
  progress: 0.5,
  event: { sequence: 4, type: 'job.failed', at: 3_000 },
  error: { code: 'TIMEOUT', message: 'late' },
  servedModel: 'minilm-l6-v2',
  servedVersion: '1',
  expiresAt: 9_000,
  startedAt: 2_500,
  finishedAt: 3_000,
  retryOf: 'job-0',
  batchId: 'batch-1',
  batchIndex: 0,
  fingerprint: 'abc',
  webhook: { url: 'https://example.org', secret: 's', events: ['job.failed'] },
};

describe('the JSON of a head', () => {
  it.each([
    ['a fresh job', FRESH],
    ['a job with everything', FULL],
  ])('restores %s unchanged', (_name, head) => {
    expect(parseHead(stringifyHead(head))).toEqual(head);
  });

  it('omits usual values', () => {
    expect(JSON.parse(stringifyHead(FRESH))).toEqual({
      id: 'job-1',
      task: 'text-embedding',
      status: 'pending',
      maxAttempts: 3,
      createdAt: 1_000,
      runAt: 2_000,
    });
  });

  it('reads JSON that has all fields', () => {
    expect(parseHead(JSON.stringify(FULL))).toEqual(FULL);
  });
});
