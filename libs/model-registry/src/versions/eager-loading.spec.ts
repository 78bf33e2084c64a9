import { AerieError } from '@aerie/contracts';
import { FakeClock, settle } from '@aerie/test-support';
import { describe, expect, it, jest } from '@jest/globals';
import { EagerLoading } from './eager-loading.js';
import type { ModelVersion } from './model-version.js';

/** A version whose loads the spec settles. */
class PendingVersion {
  readonly loads: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  load(): Promise<void> {
    return new Promise((resolve, reject) => this.loads.push({ resolve, reject }));
  }
}

function setUp(count: number) {
  const clock = new FakeClock();
  const versions = Array.from({ length: count }, () => new PendingVersion());
  const onLoaded = jest.fn<() => void>();
  const loading = new EagerLoading(versions as unknown as ModelVersion[], clock, onLoaded);
  return { clock, versions, loading, onLoaded, begun: () => versions.map(({ loads }) => loads.length) };
}

describe('EagerLoading', () => {
  it('loads two at a time, in order', async () => {
    const { versions, loading, begun } = setUp(4);
    loading.start();
    expect(begun()).toEqual([1, 1, 0, 0]);
    versions[1]?.loads[0]?.resolve();
    await settle();
    expect(begun()).toEqual([1, 1, 1, 0]);
    versions[0]?.loads[0]?.resolve();
    await settle();
    expect(begun()).toEqual([1, 1, 1, 1]);
  });

  it('retries a failed load after its back-off, and lets others go on meanwhile', async () => {
    const { clock, versions, loading, begun } = setUp(3);
    loading.start();
    versions[0]?.loads[0]?.reject(new AerieError('MODEL_NOT_LOADED', 'no', { retryAfterMs: 2_000 }));
    await settle();
    expect(begun()).toEqual([1, 1, 1]);
    versions[1]?.loads[0]?.resolve();
    await clock.advance(1_999);
    expect(begun()).toEqual([1, 1, 1]);
    await clock.advance(1);
    expect(begun()).toEqual([2, 1, 1]);
  });

  it('says once when all are loaded, a failed one that was tried again included', async () => {
    const { clock, versions, loading, onLoaded } = setUp(2);
    loading.start();
    versions[0]?.loads[0]?.reject(new AerieError('MODEL_NOT_LOADED', 'no', { retryAfterMs: 1_000 }));
    versions[1]?.loads[0]?.resolve();
    await settle();
    expect(onLoaded).not.toHaveBeenCalled();
    await clock.advance(1_000);
    versions[0]?.loads[1]?.resolve();
    await settle();
    expect(onLoaded).toHaveBeenCalledTimes(1);
  });

  it('begins nothing after it was stopped, and leaves no timer', async () => {
    const { clock, versions, loading, begun } = setUp(3);
    loading.start();
    versions[0]?.loads[0]?.reject(new AerieError('MODEL_NOT_LOADED', 'no', { retryAfterMs: 2_000 }));
    await settle();
    loading.stop();
    expect(clock.armed).toEqual([]);
    versions[1]?.loads[0]?.reject(new AerieError('SHUTTING_DOWN', 'no'));
    await clock.advance(10_000);
    expect(begun()).toEqual([1, 1, 1]);
    expect(clock.armed).toEqual([]);
  });
});
