import { env, InferenceSession as OrtSession } from 'onnxruntime-node';
import type { InferenceSession } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';
import type { CreateSession } from '../worker/session-factory.js';
import { fromOrtOutputs, tensorMetadata, toOrtFeeds } from './onnx-tensor.js';
import { LOG_SEVERITY_FATAL, rewrittenModel, sessionConfig } from './session-config.js';

env.logLevel = 'fatal';

/** Runs models with onnxruntime-node's own binding. Imported only in worker threads. */
export const createSession: CreateSession = async (options) => {
  const { provider, intraOpThreads } = options;
  const sessionOptions: OrtSession.SessionOptions = {
    executionProviders: [providerConfig(provider)],
    logSeverityLevel: LOG_SEVERITY_FATAL,
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Keeps buffers between runs and frees them with the session; otherwise every run allocates new ones.
    enableCpuMemArena: true,
    extra: sessionConfig(options),
  };
  const rewritten = await rewrittenModel(options);
  const session =
    rewritten === null
      ? await OrtSession.create(options.modelPath, sessionOptions)
      : await OrtSession.create(rewritten, sessionOptions);
  return adapt(session, provider.name);
};

function adapt(session: OrtSession, provider: string): InferenceSession {
  const unfit = session.inputMetadata.find((input) => !input.isTensor);
  if (unfit !== undefined) throw new Error(`Input "${unfit.name}" of the model is not a tensor.`);
  const inputs = tensorMetadata(session.inputMetadata);
  const outputs = tensorMetadata(session.outputMetadata);
  const names = new Set(inputs.map(({ name }) => name));
  const fetches = outputs.map(({ name }) => name);
  return {
    inputs,
    outputs,
    provider,
    handles: null,
    run: async (feeds, into) => {
      // The binding itself would ignore it.
      const unknown = Object.keys(feeds).find((name) => !names.has(name));
      if (unknown !== undefined)
        throw new Error(`The model has no input "${unknown}"; it has: ${[...names].join(', ')}.`);
      if (into === undefined) return fromOrtOutputs(await session.run(toOrtFeeds(feeds), fetches));
      const given = toOrtFeeds(into);
      const written = Object.fromEntries(fetches.map((name) => [name, given[name] ?? null]));
      return { ...fromOrtOutputs(await session.run(toOrtFeeds(feeds), written)), ...into };
    },
    handOver: () => undefined,
    release: () => session.release(),
  };
}

function providerConfig({ name, deviceId }: ProviderAttempt): OrtSession.ExecutionProviderConfig {
  return deviceId === null ? { name } : ({ name, deviceId } as OrtSession.ExecutionProviderConfig);
}
