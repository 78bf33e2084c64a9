import { InferenceSession as OrtSession } from 'onnxruntime-node';
import type { InferenceSession } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';
import type { CreateSession } from '../worker/session-module.js';
import { fromOrtOutputs, tensorMetadata, toOrtFeeds } from './onnx-tensor.js';

/** Runs models with ONNX Runtime. Imported by replicas' threads only. */
export const createSession: CreateSession = async (options) => {
  const { modelPath, provider, intraOpThreads, allowSpinning = false } = options;
  const session = await OrtSession.create(modelPath, {
    executionProviders: [providerConfig(provider)],
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Buffers are kept between runs and freed with the session: without it every run allocates anew.
    enableCpuMemArena: true,
    // Idle intra-op threads would spin and steal from other replicas. Only strings are accepted.
    extra: {
      session: { intra_op: { allow_spinning: allowSpinning ? '1' : '0' }, inter_op: { allow_spinning: '0' } },
    },
  });
  return adapt(session, provider.name);
};

function adapt(session: OrtSession, provider: string): InferenceSession {
  const unfit = session.inputMetadata.find((input) => !input.isTensor);
  if (unfit !== undefined) throw new Error(`Input "${unfit.name}" of the model is not a tensor.`);
  const outputs = tensorMetadata(session.outputMetadata);
  const fetches = outputs.map(({ name }) => name);
  return {
    inputs: tensorMetadata(session.inputMetadata),
    outputs,
    provider,
    run: async (feeds) => fromOrtOutputs(await session.run(toOrtFeeds(feeds), fetches)),
    release: () => session.release(),
  };
}

function providerConfig({ name, deviceId }: ProviderAttempt): OrtSession.ExecutionProviderConfig {
  return deviceId === null ? { name } : ({ name, deviceId } as OrtSession.ExecutionProviderConfig);
}
