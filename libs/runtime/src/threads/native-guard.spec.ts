import { describe, expect, it } from '@jest/globals';
import { NativeGuard } from './native-guard.js';

function createGuards() {
  const owner = new NativeGuard();
  return { owner, thread: new NativeGuard(owner.memory) };
}

describe('NativeGuard', () => {
  it('lets the thread be terminated outside of native code, which it does not enter then', async () => {
    const { owner, thread } = createGuards();
    await thread.run(() => Promise.resolve());
    expect(owner.doom()).toBe(true);
    await expect(thread.run(() => Promise.resolve())).rejects.toThrow('being terminated');
  });

  it('keeps the thread from being terminated inside, also when calls are nested or fail', async () => {
    const { owner, thread } = createGuards();
    await thread.run(async () => {
      await expect(thread.run(() => Promise.reject(new Error('bad model')))).rejects.toThrow('bad model');
      expect(owner.doom()).toBe(false);
    });
    expect(owner.doom()).toBe(true);
  });
});
