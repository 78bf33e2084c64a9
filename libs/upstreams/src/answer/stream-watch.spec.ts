import { FakeClock } from '@aerie/test-support';
import { expect, it } from '@jest/globals';
import { CHAT } from '../testing/new-test-model.js';
import { StreamWatch } from './stream-watch.js';

it('starts the idle limit only when the stream shows an answer', () => {
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
