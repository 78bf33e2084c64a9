/** A thread for specs of SupervisedThread: does what it is told. */
import { serveThread } from '../dist/index.js';

await serveThread(async ({ data, guard, post }) => {
  if (data.failure !== undefined) throw new TypeError(data.failure, { cause: new Error('the reason') });
  return {
    ready: { greeting: data.greeting },
    receive(message) {
      switch (message.task) {
        case 'echo':
          post({ echo: message.value });
          break;
        case 'throw':
          throw new RangeError('thrown in the thread');
        case 'exit':
          process.exit(3);
          break;
        case 'fill': {
          const kept = [];
          for (let n = 0; ; n++) kept.push({ n, text: `text ${n}` });
        }
        case 'native':
          void guard.run(
            () =>
              new Promise((resolve) => {
                post({ echo: 'in native code' });
                Atomics.wait(message.gate, 0, 0);
                resolve();
              }),
          );
      }
    },
    close: async () => post({ echo: 'closed' }),
  };
});
