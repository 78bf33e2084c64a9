import { parentPort, workerData } from 'node:worker_threads';
import { serializeError } from '../serialized-error.js';
import { collectGarbage } from './collect-garbage.js';
import { NativeGuard } from './native-guard.js';
import type { ThreadOrder, ThreadReport, ThreadStart } from './thread-messages.js';

/** A thread's means to do its work. */
export interface ThreadContext<Data, From> {
  readonly data: Data;
  /** Holds the thread's end back while native code runs that cannot be ended. */
  readonly guard: NativeGuard;
  /** Sends a message to the owner. */
  readonly post: (message: From, transfer?: readonly ArrayBuffer[]) => void;
}

/** A thread that has started. */
export interface ThreadService<To, Ready> {
  /** Told to the owner. */
  readonly ready: Ready;
  receive(message: To): void;
  /** Gives everything back. The thread ends when it resolves. */
  close(): Promise<void>;
}

/** Runs this worker thread for a {@link SupervisedThread}: starts the service, passes messages on, ends when told. */
export async function serveThread<Data, To, From, Ready>(
  start: (context: ThreadContext<Data, From>) => Promise<ThreadService<To, Ready>>,
): Promise<void> {
  if (parentPort === null) throw new Error('This module runs in a worker thread only. This is a bug.');
  const port = parentPort;
  const { data, guard } = workerData as ThreadStart<Data>;
  let service: ThreadService<To, Ready> | null = null;
  port.on('message', (message: To | ThreadOrder) => {
    if (!isOrder(message)) service?.receive(message);
    // Messages arrive between two turns of the loop, so nothing native is running.
    else if (message.order === 'exit' || service === null) process.exit(0);
    // Open handles of the service must not keep the thread alive, so it is ended explicitly.
    else void service.close().finally(() => process.exit(0));
  });
  const report = (message: ThreadReport<Ready>): void => {
    port.postMessage(message);
  };
  try {
    service = await start({
      data,
      guard: new NativeGuard(guard),
      post: (message, transfer) => {
        port.postMessage(message, transfer);
      },
    });
    // Loading a model leaves several times its size behind.
    collectGarbage();
    report({ report: 'ready', value: service.ready });
  } catch (error) {
    // The owner ends the thread.
    report({ report: 'start-failed', error: serializeError(error) });
  }
}

function isOrder(message: unknown): message is ThreadOrder {
  return typeof message === 'object' && message !== null && 'order' in message;
}
