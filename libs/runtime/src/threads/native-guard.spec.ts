import { describe, expect, it } from '@jest/globals';
import { NativeGuard } from './native-guard.js';

function createGuards() {
  const owner = new NativeGuard();
  return { owner, thread: new NativeGuard(owner.memory) };
}

describe('NativeGuard', () => {
  it('allows termination outside of native code, which the thread then does not enter', async () => {
    const { owner, thread } = createGuards();
    await thread.run(() => Promise.resolve());
    expect(owner.doom()).toBe(true);
    await expect(thread.run(() => Promise.resolve())).rejects.toThrow('being terminated');
  });

  it('prevents termination inside, even if calls are nested or fail', async () => {
    const { owner, thread } = createGuards();
    await thread.run(async () => {
      await expect(thread.run(() => Promise.reject(new Error('bad model')))).rejects.toThrow('bad model');
      expect(owner.doom()).toBe(false);
    });
    expect(owner.doom()).toBe(true);
  });
});
