import { readFile, stat } from 'node:fs/promises';
import { env, InferenceSession as OrtSession } from 'onnxruntime-node';
import type { InferenceSession } from '../kernel.js';
import type { ProviderAttempt } from '../providers/resolve-providers.js';
import type { CreateSession, SessionOptions } from '../worker/session-module.js';
import { optimizeGraph } from './graph/optimize-graph.js';
import { fromOrtOutputs, tensorMetadata, toOrtFeeds } from './onnx-tensor.js';
import { integerProductsMaySaturate } from './vnni.js';

/** ONNX Runtime's fatal level: errors come as exceptions, and its colored lines would stand between lines of JSON. */
const LOG_SEVERITY_FATAL = 4;
env.logLevel = 'fatal';

/** Models up to this size are rewritten: 256 MiB. Holding a larger file twice while it loads would cost too much memory. */
const MAX_REWRITTEN_BYTES = 256 * 1024 * 1024;

/** Runs models with ONNX Runtime. Imported only in replicas' threads. */
export const createSession: CreateSession = async (options) => {
  const { provider, intraOpThreads, allowSpinning = false, spinMicroseconds = 0 } = options;
  const sessionOptions: OrtSession.SessionOptions = {
    executionProviders: [providerConfig(provider)],
    logSeverityLevel: LOG_SEVERITY_FATAL,
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Keeps buffers between runs and frees them with the session; otherwise every run allocates new ones.
    enableCpuMemArena: true,
    extra: {
      session: {
        // Idle intra-op threads would spin and take CPU time from other replicas. Only strings are accepted.
        intra_op: spinning(allowSpinning, spinMicroseconds),
        force_spinning_stop: allowSpinning ? '0' : '1',
        inter_op: { allow_spinning: '0' },
      },
      ...(provider.name === 'cpu' ? { optimization: CPU_OPTIMIZATION } : {}),
    },
  };
  const rewritten = provider.name === 'cpu' ? await rewrittenModel(options) : null;
  const session =
    rewritten === null
      ? await OrtSession.create(options.modelPath, sessionOptions)
      : await OrtSession.create(rewritten, sessionOptions);
  return adapt(session, provider.name);
};

function spinning(always: boolean, microseconds: number): Readonly<Record<string, string>> {
  if (always || microseconds === 0) return { allow_spinning: always ? '1' : '0' };
  return { allow_spinning: '1', spin_duration_us: String(microseconds) };
}

/** On the CPU, the kernel that fuses Add, Add and LayerNormalization is slower than the three operators (ADR 5). */
const CPU_OPTIMIZATION = { disable_specified_optimizers: 'SkipLayerNormFusion' };

async function rewrittenModel({
  modelPath,
  dynamicQuantization = false,
}: SessionOptions): Promise<Uint8Array | null> {
  const { size } = await stat(modelPath);
  return size > MAX_REWRITTEN_BYTES
    ? null
    : optimizeGraph(await readFile(modelPath), {
        dynamicQuantization,
        unsignedWeights: integerProductsMaySaturate(),
      });
}

function adapt(session: OrtSession, provider: string): InferenceSession {
  const unfit = session.inputMetadata.find((input) => !input.isTensor);
  if (unfit !== undefined) throw new Error(`Input "${unfit.name}" of the model is not a tensor.`);
  const outputs = tensorMetadata(session.outputMetadata);
  const fetches = outputs.map(({ name }) => name);
  return {
    inputs: tensorMetadata(session.inputMetadata),
    outputs,
    provider,
    run: async (feeds, into) => {
      if (into === undefined) return fromOrtOutputs(await session.run(toOrtFeeds(feeds), fetches));
      const given = toOrtFeeds(into);
      const written = Object.fromEntries(fetches.map((name) => [name, given[name] ?? null]));
      return { ...fromOrtOutputs(await session.run(toOrtFeeds(feeds), written)), ...into };
    },
    release: () => session.release(),
  };
}

function providerConfig({ name, deviceId }: ProviderAttempt): OrtSession.ExecutionProviderConfig {
  return deviceId === null ? { name } : ({ name, deviceId } as OrtSession.ExecutionProviderConfig);
}
