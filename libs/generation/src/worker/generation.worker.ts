import { serveThread } from '@aerie/runtime';
import { FaultyDecoder } from './faulty.decoder.js';
import { GenerationHost } from './generation-host.js';
import { loadModel } from './load-model.js';
import type { FromWorker, LanguageModelInfo, ToWorker, WorkerOptions } from './messages.js';
import { openSession } from './open-session.js';

/** Entry of the generation thread: loads the model, then generates until it is told to close. */
await serveThread<WorkerOptions, ToWorker, FromWorker, LanguageModelInfo>(
  async ({ data: options, guard, post }) => {
    const opened = await openSession(options, guard);
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
    return {
      ready: description,
      receive: (message) => host.receive(message),
      close: () => host.close().then(() => decoder.release()),
    };
  },
);
