import { readFile, stat } from 'node:fs/promises';
import type { SessionOptions } from '../worker/session-factory.js';
import { optimizeGraph } from './graph/optimize-graph.js';
import { integerProductsMaySaturate } from './vnni.js';

/** ONNX Runtime's fatal level: errors come as exceptions, and its colored lines would stand between lines of JSON. */
export const LOG_SEVERITY_FATAL = 4;

/** Models up to this size are rewritten: 256 MiB. Holding a larger file twice while it loads would cost too much memory. */
const MAX_REWRITTEN_BYTES = 256 * 1024 * 1024;

/** Entries of a session's configuration, by the keys of onnxruntime_session_options_config_keys.h. */
export function sessionConfig({
  provider,
  allowSpinning = false,
  spinMicroseconds = 0,
}: SessionOptions): Readonly<Record<string, string>> {
  return {
    // Idle intra-op threads would spin and take CPU time from other replicas.
    ...spinning(allowSpinning, spinMicroseconds),
    'session.force_spinning_stop': allowSpinning ? '0' : '1',
    'session.inter_op.allow_spinning': '0',
    // On the CPU, the kernel that fuses Add, Add and LayerNormalization is slower than the three operators (ADR 5).
    ...(provider.name === 'cpu'
      ? { 'optimization.disable_specified_optimizers': 'SkipLayerNormFusion' }
      : {}),
  };
}

function spinning(always: boolean, microseconds: number): Readonly<Record<string, string>> {
  if (always || microseconds === 0) return { 'session.intra_op.allow_spinning': always ? '1' : '0' };
  return {
    'session.intra_op.allow_spinning': '1',
    'session.intra_op.spin_duration_us': String(microseconds),
  };
}

/** The model rewritten for the CPU's kernels; null if the file is to be loaded as it is. */
export async function rewrittenModel({
  modelPath,
  provider,
  dynamicQuantization = false,
}: SessionOptions): Promise<Uint8Array | null> {
  if (provider.name !== 'cpu') return null;
  const { size } = await stat(modelPath);
  return size > MAX_REWRITTEN_BYTES
    ? null
    : optimizeGraph(await readFile(modelPath), {
        dynamicQuantization,
        unsignedWeights: integerProductsMaySaturate(),
      });
}
