import { AerieError, shorten } from '@aerie/contracts';
import type { TensorMetadata } from '@aerie/engine';
import type {
  ModelDescription,
  TensorDescription,
  VersionDescription,
  VersionHealth,
} from './model-description.js';
import type { ModelSelector } from './model-selector.js';
import type { ModelSpec, VersionSpec } from './model-spec.js';
import type { StatisticsRecorder } from './statistics-recorder.js';
import type { ModelVersion } from './versions/model-version.js';
import { TrafficSplit } from './versions/traffic-split.js';
import { parseVersion } from './manifest/version-number.js';

/** One version of a model: its description, lifecycle and counters. */
export interface VersionEntry {
  readonly spec: VersionSpec;
  readonly lifecycle: ModelVersion;
  readonly recorder: StatisticsRecorder;
}

/** Options for a model entry. */
export interface ModelEntryOptions {
  readonly spec: ModelSpec;
  /** In the order of their numbers. */
  readonly versions: readonly VersionEntry[];
  /** Whether the operator asks for a GPU (DEVICE=gpu). */
  readonly gpuWanted: boolean;
  /** Default: Math.random. */
  readonly random?: (() => number) | undefined;
}

/** A model and its versions. Selects versions and describes the model. */
export class ModelEntry {
  readonly spec: ModelSpec;
  readonly versions: readonly VersionEntry[];
  readonly #split: TrafficSplit | null;
  readonly #gpuWanted: boolean;

  constructor({ spec, versions, gpuWanted, random }: ModelEntryOptions) {
    this.spec = spec;
    this.versions = versions;
    this.#split = spec.traffic === null ? null : new TrafficSplit(spec.name, spec.traffic, random);
    this.#gpuWanted = gpuWanted || spec.replicas.requireGpu;
  }

  /**
   * The version that serves a request: the requested one, else by the traffic split, else the default.
   *
   * @throws AerieError MODEL_VERSION_NOT_FOUND if the requested one does not exist.
   */
  choose({ version, stickyKey }: Pick<ModelSelector, 'version' | 'stickyKey'>): VersionEntry {
    const { aliases, defaultVersion, sticky, name } = this.spec;
    const number =
      version === undefined
        ? (this.#split?.pick(sticky ? stickyKey : undefined) ?? defaultVersion)
        : (aliases.get(version) ?? parseVersion(version));
    const found = this.versions.find(({ spec }) => spec.version === number);
    if (found !== undefined) return found;
    const numbers = this.versions.map(({ spec }) => spec.version).join(', ');
    const names = aliases.size === 0 ? '' : `; aliases: ${[...aliases.keys()].join(', ')}`;
    throw new AerieError(
      'MODEL_VERSION_NOT_FOUND',
      `The model "${name}" has no version "${shorten(version ?? '')}". It has: ${numbers}${names}.`,
    );
  }

  describe(): ModelDescription {
    const { spec } = this;
    const byDefaultFirst = [...this.versions].sort(
      (a, b) =>
        Number(b.spec.version === spec.defaultVersion) - Number(a.spec.version === spec.defaultVersion),
    );
    return {
      name: spec.name,
      task: spec.task,
      description: spec.description,
      defaultForTask: spec.defaultForTask,
      defaultVersion: spec.defaultVersion,
      aliases: Object.fromEntries(spec.aliases),
      traffic: spec.traffic === null ? null : Object.fromEntries(spec.traffic),
      labels:
        byDefaultFirst.find(({ lifecycle }) => lifecycle.runtime !== null)?.lifecycle.runtime?.labels ?? null,
      source: spec.source,
      license: spec.license,
      versions: this.versions.map(describeVersion),
    };
  }

  health(): readonly VersionHealth[] {
    return this.versions.map(({ spec, lifecycle }) => {
      const replicas = lifecycle.runtime?.replicas() ?? [];
      const activity = lifecycle.runtime?.activity();
      const upstream = lifecycle.runtime?.upstream?.();
      const count = (...states: readonly string[]): number =>
        replicas.filter(({ state }) => states.includes(state)).length;
      return {
        name: this.spec.name,
        version: spec.version,
        state: lifecycle.state,
        eager: spec.load === 'eager',
        error: lifecycle.error,
        replicasUp: count('idle', 'busy'),
        replicasTotal: replicas.length,
        wedged: count('wedged'),
        restarting: count('restarting'),
        gpuMissing: this.#gpuWanted && replicas.some(({ provider }) => provider === 'cpu'),
        stalledForMs: activity?.stalledForMs ?? null,
        queueLength: activity?.queueLength ?? 0,
        ...(upstream === undefined ? {} : { circuit: upstream.state }),
      };
    });
  }
}

function describeVersion({ spec, lifecycle, recorder }: VersionEntry): VersionDescription {
  const { runtime } = lifecycle;
  const { queueLength, runningBatches } = runtime?.activity() ?? { queueLength: 0, runningBatches: 0 };
  const replicas = runtime?.replicas() ?? [];
  return {
    version: spec.version,
    description: spec.description,
    state: lifecycle.state,
    load: spec.load,
    inputs: runtime?.inputs.map(describeTensor) ?? null,
    outputs: runtime?.outputs.map(describeTensor) ?? null,
    replicas,
    provider: replicas.find(({ provider }) => provider !== null)?.provider ?? null,
    error: lifecycle.error,
    loadedAt: lifecycle.loadedAt,
    statistics: recorder.snapshot({ queueLength, runningBatches }),
  };
}

function describeTensor({ name, dtype, shape }: TensorMetadata): TensorDescription {
  return { name, datatype: dtype, shape };
}
