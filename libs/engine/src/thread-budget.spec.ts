import { describe, expect, it } from '@jest/globals';
import { threadBudget } from './thread-budget.js';

const unset = { gpus: 0, replicas: undefined, intraOpThreads: undefined };

describe('threadBudget', () => {
  it.each([
    { cores: 1, replicas: 1, intraOpThreads: 1 },
    { cores: 2, replicas: 2, intraOpThreads: 1 },
    { cores: 12, replicas: 8, intraOpThreads: 1 },
    { cores: 64, replicas: 8, intraOpThreads: 8 },
  ])('splits $cores cores into $replicas replicas of $intraOpThreads threads', ({ cores, ...expected }) => {
    expect(threadBudget({ ...unset, cores })).toEqual(expected);
  });

  it('fits the threads to the requested replicas', () => {
    expect(threadBudget({ ...unset, cores: 8, replicas: 3 })).toEqual({ replicas: 3, intraOpThreads: 2 });
  });

  it('fits the replicas to the requested threads', () => {
    expect(threadBudget({ ...unset, cores: 8, intraOpThreads: 4 })).toEqual({
      replicas: 2,
      intraOpThreads: 4,
    });
    expect(threadBudget({ ...unset, cores: 2, intraOpThreads: 4 })).toEqual({
      replicas: 1,
      intraOpThreads: 4,
    });
  });

  it('exceeds the cores only on request', () => {
    expect(threadBudget({ gpus: 0, cores: 2, replicas: 4, intraOpThreads: 4 })).toEqual({
      replicas: 4,
      intraOpThreads: 4,
    });
  });

  it('runs one replica per GPU', () => {
    expect(threadBudget({ ...unset, cores: 16, gpus: 4 })).toEqual({ replicas: 4, intraOpThreads: 4 });
  });
});
