import { FakeClock } from '@aerie/test-support';
import { expect, it } from '@jest/globals';
import { CHAT } from '../testing/new-test-provider.js';
import { StreamWatch } from './stream-watch.js';

it('takes signs of life for an answer only when they show one', () => {
  const clock = new FakeClock();
  const limits = { name: 'remote', firstTokenTimeoutMs: 100, idleTimeoutMs: 30 };
  const sut = new StreamWatch(clock, limits, () => undefined);
  sut.start(CHAT);
  clock.jump(40);
  sut.progress(false);
  expect(clock.armed).toEqual([60]);
  sut.progress(true);
  expect(clock.armed).toEqual([30]);
  clock.jump(20);
  sut.progress(false);
  expect(clock.armed).toEqual([30]);
  sut.stop();
  expect(clock.armed).toEqual([]);
});
