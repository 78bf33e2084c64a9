import { type Clock, monotonicClock } from '@aerie/batching';

/** Time for back-offs and idle versions: its timers alone do not keep the process alive. */
export const registryClock: Clock = {
  ...monotonicClock,
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
