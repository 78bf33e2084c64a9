import { parentPort, workerData } from 'node:worker_threads';
import { NativeGuard } from '@aerie/runtime';
import { GenerationHost } from './generation-host.js';
import { FaultyDecoder } from './faulty.decoder.js';
import { loadModel } from './load-model.js';
import type { FromWorker, ToWorker, WorkerOptions } from './messages.js';
import { openSession } from './open-session.js';

/** The generation thread: loads the model, reports that it is ready, and serves until it is closed. */
async function main(port: NonNullable<typeof parentPort>, options: WorkerOptions): Promise<void> {
  const post = (message: FromWorker): void => {
    port.postMessage(message);
  };
  const opened = await openSession(options, new NativeGuard(options.guard));
  const { decoder, encoder, environment, description } = await loadModel(opened, options);
  const faulty = options.faultsAllowed ? new FaultyDecoder(decoder) : null;
  const wholeContext = options.maxSlots * options.contextLength;
  const host = new GenerationHost({
    post,
    injectFault: faulty === null ? null : (fault) => faulty.inject(fault),
    scheduler: {
      decoder: faulty ?? decoder,
      environment,
      maxSlots: options.maxSlots,
      chunkSize: options.chunkSize,
      kvBudgetTokens:
        options.kvBudgetBytes === null
          ? wholeContext
          : Math.floor(options.kvBudgetBytes / decoder.bytesPerToken),
      prefixCacheBytes: options.prefixCacheBytes,
      encode: ({ request }) => encoder.encode(request),
      now: () => performance.now(),
    },
  });
  port.on('message', (message: ToWorker) => {
    // Messages arrive between two turns of the loop, so nothing native is running.
    if (message.type === 'exit') process.exit(0);
    host.receive(message);
    if (message.type === 'close') void host.idle().then(() => release(port, decoder.release.bind(decoder)));
  });
  post({ type: 'ready', model: description });
}

async function release(
  port: NonNullable<typeof parentPort>,
  releaseModel: () => Promise<void>,
): Promise<void> {
  await releaseModel();
  port.close();
}

if (parentPort === null) throw new Error('generation.worker.js runs only as a worker thread. This is a bug.');
const port = parentPort;
main(port, workerData as WorkerOptions).catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  port.postMessage({ type: 'failed', reason } satisfies FromWorker);
  port.close();
});
