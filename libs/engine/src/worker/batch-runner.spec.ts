import { describe, expect, it } from '@jest/globals';
import type { Kernel } from '../kernel.js';
import type { NamedTensors } from '../tensor.js';
import { BatchRunner } from './batch-runner.js';
import type { ReplicaReply } from './protocol.js';

const echo: Kernel<unknown, unknown> = {
  prepare: (items) => ({ feeds: {}, state: items }),
  finish: (_outputs, state) => ({ results: (state as unknown[]).map((value) => ({ ok: true, value })) }),
};

function createRunner({ kernel = echo, run = async (feeds: NamedTensors) => feeds } = {}) {
  const answers: ReplicaReply[] = [];
  const log: string[] = [];
  const session = {
    inputs: [],
    outputs: [],
    provider: 'cpu',
    run,
    release: async () => void log.push('released'),
  };
  const reply = (message: ReplicaReply): void => {
    answers.push(message);
    log.push(message.type);
  };
  return { runner: new BatchRunner(session, kernel, reply), answers, log };
}

const batch = (...items: unknown[]) => ({ type: 'run', items, fault: null }) as const;

describe('BatchRunner', () => {
  it('answers a batch with its results', async () => {
    const { runner, answers } = createRunner();
    await runner.run(batch('a', 'b'));
    expect(answers).toMatchObject([{ type: 'done', results: [{ value: 'a' }, { value: 'b' }] }]);
  });

  it('fails the batch when the session rejects', async () => {
    const { runner, answers } = createRunner({ run: () => Promise.reject(new Error('bad dims')) });
    await runner.run(batch('a'));
    expect(answers).toMatchObject([{ type: 'failed', error: { message: 'bad dims' } }]);
  });

  it('fails the batch if the kernel does not return one result per item', async () => {
    const kernel = { ...echo, finish: () => ({ results: [] }) };
    const { runner, answers } = createRunner({ kernel });
    await runner.run(batch('a'));
    expect(answers).toMatchObject([
      { type: 'failed', error: { message: 'The kernel returned 0 results for 1 items.' } },
    ]);
  });

  it('refuses a batch that arrives while it closes, and releases the session after the running one', async () => {
    let finish = (_outputs: NamedTensors): void => undefined;
    const { runner, log } = createRunner({ run: () => new Promise((resolve) => (finish = resolve)) });
    const running = runner.run(batch('a'));
    const closing = runner.close();
    await runner.run(batch('b'));
    finish({});
    await Promise.all([running, closing]);
    expect(log).toEqual(['failed', 'done', 'released']);
  });
});
