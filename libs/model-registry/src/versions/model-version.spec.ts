import { AerieError } from '@aerie/contracts';
import { FakeClock, MemoryLogger, settle } from '@aerie/test-support';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ModelRuntime } from '../loading/model-runtime.js';
import { ModelLoadError } from '../model-load.error.js';
import { ModelVersion } from './model-version.js';

interface PendingOpen {
  readonly signal: AbortSignal;
  readonly resolve: (runtime: ModelRuntime) => void;
  readonly reject: (error: Error) => void;
}

describe('ModelVersion', () => {
  let clock: FakeClock;
  let logger: MemoryLogger;
  let opens: PendingOpen[];
  let stalledForMs: number | null;
  let closeRuntime: jest.Mock<ModelRuntime['close']>;
  let version: ModelVersion;

  const newVersion = (keepAliveMs = 0): ModelVersion =>
    new ModelVersion({
      reference: { name: 'm', version: '2' },
      open: (signal) =>
        new Promise((resolve, reject) => {
          opens.push({ signal, resolve, reject });
        }),
      keepAliveMs,
      clock,
      logger,
    });
  const runtime = (): ModelRuntime => ({
    model: {} as ModelRuntime['model'],
    inputs: [],
    outputs: [],
    labels: null,
    activity: () => ({ queueLength: 0, runningBatches: 0, stalledForMs }),
    replicas: () => [],
    injectFault: () => {},
    close: closeRuntime,
  });
  const open = async (index = opens.length - 1): Promise<void> => {
    opens[index]?.resolve(runtime());
    await settle();
  };
  const errorOf = async (promise: Promise<unknown>): Promise<AerieError> => {
    const error: unknown = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof AerieError)) throw new Error(`expected an AerieError, got ${String(error)}`);
    return error;
  };

  beforeEach(() => {
    clock = new FakeClock();
    logger = new MemoryLogger();
    opens = [];
    stalledForMs = null;
    closeRuntime = jest.fn<ModelRuntime['close']>(async () => {});
    version = newVersion();
  });
  afterEach(() => {
    expect(clock.armed).toEqual([]);
  });

  describe('loading', () => {
    it('is done once for all concurrent callers', async () => {
      const leases = Promise.all([version.acquire(), version.acquire(), version.acquire()]);
      await settle();
      expect(version.state).toBe('loading');
      expect(opens).toHaveLength(1);
      await open();
      expect(new Set((await leases).map((lease) => lease.runtime)).size).toBe(1);
      expect(version.state).toBe('ready');
      expect(version.loadedAt).toBeInstanceOf(Date);
      await version.acquire();
      expect(opens).toHaveLength(1);
    });

    it('goes on when a caller leaves; only its own wait ends, with its reason', async () => {
      const leaving = new AbortController();
      const reason = new AerieError('CANCELED', 'gone');
      const left = errorOf(version.acquire(leaving.signal));
      const stayed = version.acquire();
      await settle();
      leaving.abort(reason);
      expect(await left).toBe(reason);
      expect(opens[0]?.signal.aborted).toBe(false);
      await open();
      expect((await stayed).runtime).toBe(version.runtime);
    });

    it('goes on when every caller leaves', async () => {
      const leaving = new AbortController();
      const left = errorOf(version.acquire(leaving.signal));
      await settle();
      leaving.abort(new AerieError('CANCELED', 'gone'));
      await left;
      await open();
      expect(version.state).toBe('ready');
    });
  });

  describe('a failed load', () => {
    const fail = async (error: Error): Promise<AerieError> => {
      const refused = errorOf(version.acquire());
      await settle();
      opens.at(-1)?.reject(error);
      return refused;
    };

    it('is answered with 503 and the reason fit for callers; the details are in the log', async () => {
      const error = await fail(new ModelLoadError('a file does not match', '/secret/path'));
      expect(error.code).toBe('MODEL_NOT_LOADED');
      expect(error.message).toBe(
        'The model "m" version 2 could not be loaded: a file does not match. It is tried again in 1 s.',
      );
      expect(error.retryAfterMs).toBe(1_000);
      expect(version.state).toBe('failed');
      expect(version.error).toBe('a file does not match');
      expect(logger.lines).toMatchObject([{ level: 'error', fields: { model: 'm', version: '2' } }]);
    });

    it('says nothing of an unexpected error to callers', async () => {
      const error = await fail(new Error('/secret/path'));
      expect(error.message).not.toContain('secret');
    });

    it('is not tried again before the back-off ends, and then once by the next caller', async () => {
      await fail(new Error('x'));
      await clock.advance(400);
      const refused = await errorOf(version.acquire());
      expect(refused.code).toBe('MODEL_NOT_LOADED');
      expect(refused.retryAfterMs).toBe(600);
      expect(opens).toHaveLength(1);
      await clock.advance(600);
      const lease = version.acquire();
      await settle();
      expect(opens).toHaveLength(2);
      await open();
      await lease;
      expect(version.error).toBeNull();
    });

    it('doubles the back-off up to a minute, and starts over after a success', async () => {
      const waits: (number | undefined)[] = [];
      for (let failure = 0; failure < 8; failure++) {
        const { retryAfterMs = 0 } = await fail(new Error('x'));
        waits.push(retryAfterMs);
        await clock.advance(retryAfterMs);
      }
      expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    });
  });

  describe('keep-alive', () => {
    beforeEach(() => {
      version = newVersion(5_000);
    });

    it('unloads after the idle time, and loads again for the next caller', async () => {
      const acquired = version.acquire();
      await settle();
      await open();
      (await acquired).release();
      await clock.advance(4_999);
      expect(version.state).toBe('ready');
      await clock.advance(1);
      expect(version.state).toBe('unloaded');
      expect(closeRuntime).toHaveBeenCalledTimes(1);
      const again = version.acquire();
      await settle();
      await open();
      expect(version.state).toBe('ready');
      (await again).release();
      await version.close();
    });

    it('counts from the last use, and never while leased', async () => {
      const acquired = version.acquire();
      await settle();
      await open();
      const first = await acquired;
      await clock.advance(20_000);
      const second = await version.acquire();
      first.release();
      first.release();
      await clock.advance(20_000);
      expect(version.state).toBe('ready');
      second.release();
      await clock.advance(4_000);
      (await version.acquire()).release();
      await clock.advance(4_000);
      expect(version.state).toBe('ready');
      await clock.advance(1_000);
      expect(version.state).toBe('unloaded');
    });

    it('waits while there is work whose callers have left', async () => {
      const acquired = version.acquire();
      await settle();
      await open();
      (await acquired).release();
      stalledForMs = 10;
      await clock.advance(5_000);
      expect(version.state).toBe('ready');
      stalledForMs = null;
      await clock.advance(5_000);
      expect(version.state).toBe('unloaded');
    });

    it('works for times longer than timers can run', async () => {
      const month = 40 * 86_400_000;
      version = newVersion(month);
      const acquired = version.acquire();
      await settle();
      await open();
      (await acquired).release();
      await clock.advance(month - 1);
      expect(version.state).toBe('ready');
      await clock.advance(1);
      expect(version.state).toBe('unloaded');
    });

    it('lets a caller that comes during the unload wait for it and load again', async () => {
      let closed = (): void => {};
      closeRuntime.mockImplementation(() => new Promise((resolve) => (closed = resolve)));
      const acquired = version.acquire();
      await settle();
      await open();
      (await acquired).release();
      await clock.advance(5_000);
      expect(version.state).toBe('unloading');
      const next = version.acquire();
      await settle();
      expect(opens).toHaveLength(1);
      closed();
      await settle();
      expect(opens).toHaveLength(2);
      await open();
      (await next).release();
      closeRuntime.mockImplementation(async () => {});
      await version.close();
    });
  });

  describe('closing', () => {
    it('waits for the leases, then unloads; newcomers are refused', async () => {
      const acquired = version.acquire();
      await settle();
      await open();
      const lease = await acquired;
      const closing = version.close();
      await settle();
      expect((await errorOf(version.acquire())).code).toBe('SHUTTING_DOWN');
      expect(closeRuntime).not.toHaveBeenCalled();
      lease.release();
      await closing;
      await version.close();
      expect(closeRuntime).toHaveBeenCalledTimes(1);
      expect(version.state).toBe('unloaded');
    });

    it('stops waiting for the leases when its signal aborts', async () => {
      const acquired = version.acquire();
      await settle();
      await open();
      await acquired;
      const enough = new AbortController();
      const closing = version.close(enough.signal);
      await settle();
      enough.abort(new Error('enough'));
      await closing;
      expect(closeRuntime).toHaveBeenCalledWith(enough.signal);
    });

    it('abandons a load in progress, and still closes its result', async () => {
      const waiting = errorOf(version.acquire());
      await settle();
      const closing = version.close();
      await settle();
      expect(opens[0]?.signal.aborted).toBe(true);
      await open();
      await closing;
      expect((await waiting).code).toBe('SHUTTING_DOWN');
      expect(closeRuntime).toHaveBeenCalledTimes(1);
      expect(version.state).toBe('unloaded');
      expect(logger.lines).toEqual([]);
    });

    it('outlives a runtime that does not close', async () => {
      closeRuntime.mockRejectedValue(new Error('stuck'));
      const acquired = version.acquire();
      await settle();
      await open();
      (await acquired).release();
      await version.close();
      expect(version.state).toBe('unloaded');
      expect(logger.lines.at(-1)).toMatchObject({
        level: 'error',
        message: 'model could not be unloaded cleanly',
      });
    });
  });
});
