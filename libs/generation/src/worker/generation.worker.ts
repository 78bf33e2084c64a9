import { type InferenceSession, type OpenedSession, openSession } from '@aerie/engine';
import { type NativeGuard, serveThread } from '@aerie/runtime';
import { FaultyDecoder } from './faulty.decoder.js';
import { GenerationHost } from './generation-host.js';
import { type LoadedLanguageModel, loadModel } from './load-model.js';
import type { FromWorker, LanguageModelInfo, ToWorker, WorkerOptions } from './messages.js';

/** Entry of the generation thread: loads the model, then generates until it is told to close. */
await serveThread<WorkerOptions, ToWorker, FromWorker, LanguageModelInfo>(
  async ({ data: options, guard, post }) => {
    const opened = await guard.run(() => openSession(options));
    const session = guarded(opened.session, guard);
    const { decoder, encoder, environment, description } = await load({ ...opened, session }, options);
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

/** The session stays for the next thread, where the binding can share it. */
async function load(opened: OpenedSession, options: WorkerOptions): Promise<LoadedLanguageModel> {
  try {
    const loaded = await loadModel(opened, options);
    opened.session.handOver();
    return loaded;
  } catch (error) {
    await opened.session.release();
    throw error;
  }
}

/** Handles waiting messages before each run, so that they take effect in it, and holds the guard inside the calls. */
function guarded(session: InferenceSession, guard: NativeGuard): InferenceSession {
  const { inputs, outputs, provider, handles } = session;
  return {
    inputs,
    outputs,
    provider,
    handles,
    run: async (feeds, into) => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      return guard.run(() => session.run(feeds, into));
    },
    handOver: () => {
      session.handOver();
    },
    release: () => guard.run(() => session.release()),
  };
}
