import type { DevicePreference } from '../engine.js';
import type { GpuInfo } from '../gpu/gpu-info.js';

/** Properties of the machine that matter for execution providers. */
export interface ProviderPlatform {
  /** `process.platform`. */
  readonly os: string;
  /** `process.arch`. */
  readonly arch: string;
}

/** Inputs for the choice of a pool's execution providers. */
export interface ProviderRequest {
  readonly platform: ProviderPlatform;
  readonly gpus: readonly GpuInfo[];
  readonly device: DevicePreference;
  /** The manifest's own list, which replaces what `device` implies. */
  readonly requested: readonly string[] | undefined;
}

/** One way to create a session. They are tried in order. */
export interface ProviderAttempt {
  /** ONNX Runtime's name of the execution provider, such as `cpu` or `cuda`. */
  readonly name: string;
  /** Index of the GPU; null if the execution provider uses none. */
  readonly deviceId: number | null;
}

/** Execution providers that run on one of several GPUs, selected by index. */
const PER_DEVICE_PROVIDERS: ReadonlySet<string> = new Set(['cuda', 'tensorrt', 'dml']);

/**
 * Names of the execution providers to try, in order; `cpu` is always the last.
 *
 * `auto` uses a GPU that the machine lists. CoreML, and DirectML without a listed GPU, are used only on request:
 * they accept models with dynamic dimensions but run many of them slower than the CPU.
 */
export function resolveProviders({ platform, gpus, device, requested }: ProviderRequest): readonly string[] {
  const wanted = requested ?? impliedProviders(platform, gpus, device);
  const beforeCpu = wanted.includes('cpu') ? wanted.slice(0, wanted.indexOf('cpu')) : wanted;
  return [...new Set([...beforeCpu, 'cpu'])];
}

/** The attempts of one replica; replicas are spread over the GPUs in turn. */
export function attemptsOfReplica(
  providers: readonly string[],
  gpus: readonly GpuInfo[],
  replicaIndex: number,
): readonly ProviderAttempt[] {
  const gpu = gpus.length === 0 ? undefined : gpus[replicaIndex % gpus.length];
  return providers.map((name) => ({
    name,
    deviceId: PER_DEVICE_PROVIDERS.has(name) ? (gpu?.index ?? 0) : null,
  }));
}

/** Number of GPUs for a pool: 0 if its first choice is the CPU, 1 if the GPUs cannot be listed. */
export function gpusInUse(providers: readonly string[], gpus: readonly GpuInfo[]): number {
  const [first] = providers;
  if (first === undefined || first === 'cpu') return 0;
  return PER_DEVICE_PROVIDERS.has(first) ? Math.max(1, gpus.length) : 1;
}

function impliedProviders(
  { os, arch }: ProviderPlatform,
  gpus: readonly GpuInfo[],
  device: DevicePreference,
): readonly string[] {
  switch (device) {
    case 'cpu':
      return [];
    case 'auto':
      return gpus.length > 0 ? gpuProviders(os, arch, gpus) : [];
    case 'gpu':
      return gpuProviders(os, arch, gpus);
  }
}

function gpuProviders(os: string, arch: string, gpus: readonly GpuInfo[]): readonly string[] {
  switch (os) {
    case 'linux':
      return gpus.length > 0 && (arch === 'x64' || arch === 'arm64') ? ['cuda'] : [];
    case 'darwin':
      return ['coreml'];
    case 'win32':
      return ['dml'];
    default:
      return [];
  }
}
