import { batchTaskOf } from '@aerie/tasks';
import { ModelRepositoryError } from '../model-repository.error.js';
import type { BatchingSpec, ModelSpec, ReplicasSpec, VersionSpec } from '../model-spec.js';
import type { RegistrySettings } from '../registry-settings.js';
import { compareVersions, parseVersion } from './version-number.js';
import type { ParsedManifest } from './parse-manifest.js';

/** Data that a manifest is combined with. */
export interface ModelSpecSources {
  readonly manifest: ParsedManifest;
  /** The manifest's path, for error messages. */
  readonly file: string;
  readonly directory: string;
  /** The folder's name, which is the model's name unless the manifest sets one. */
  readonly folder: string;
  /** ONNX file of each version, relative to the folder. */
  readonly versionFiles: ReadonlyMap<string, string>;
  readonly settings: RegistrySettings;
}

/**
 * Checks the manifest against the existing versions and fills in the defaults from the settings.
 *
 * @throws ModelRepositoryError if the manifest names versions that do not exist.
 */
export function buildModelSpec(sources: ModelSpecSources): ModelSpec {
  const { manifest, file, directory, folder, versionFiles, settings } = sources;
  const numbers = [...versionFiles.keys()].sort(compareVersions);
  const problems: string[] = [];
  const known = (text: string, field: string): string => {
    const version = parseVersion(text) ?? text;
    if (!versionFiles.has(version))
      problems.push(`${field}: version ${version} does not exist; there are: ${numbers.join(', ')}`);
    return version;
  };

  const defaultVersion =
    manifest.default === undefined ? (numbers.at(-1) ?? '') : known(manifest.default, 'default');
  const aliases = new Map(
    Object.entries(manifest.aliases).map(([alias, target]) => {
      if (parseVersion(alias) !== null) problems.push(`aliases.${alias}: always means that version already`);
      return [alias, known(target, `aliases.${alias}`)];
    }),
  );
  const traffic = readTraffic(manifest.traffic, known, problems);
  if (problems.length > 0) throw new ModelRepositoryError(file, problems);

  const versions = numbers.map((version): VersionSpec => {
    const own = manifest.versions.get(version);
    const wanted = version === defaultVersion || (traffic?.get(version) ?? 0) > 0;
    return {
      version,
      description: own?.description ?? null,
      load: own?.load ?? manifest.load ?? (wanted ? 'eager' : 'lazy'),
      file: versionFiles.get(version) ?? '',
      options: own === undefined ? manifest.options : own.options,
    };
  });
  return {
    name: manifest.name ?? folder,
    task: manifest.task,
    description: manifest.description ?? null,
    defaultForTask: manifest.default_for_task,
    defaultVersion,
    aliases,
    traffic,
    sticky: manifest.sticky,
    source: manifest.source ?? null,
    license: manifest.license ?? null,
    keepAliveMs: manifest.keep_alive === undefined ? settings.keepAliveMs : manifest.keep_alive * 1000,
    batching: readBatching(manifest, settings),
    replicas: readReplicas(manifest.replicas, settings),
    sha256: new Map(Object.entries(manifest.sha256)),
    directory,
    versions,
  };
}

function readTraffic(
  weights: ParsedManifest['traffic'],
  known: (text: string, field: string) => string,
  problems: string[],
): ReadonlyMap<string, number> | null {
  if (weights === undefined) return null;
  const traffic = new Map<string, number>();
  for (const [spelling, weight] of Object.entries(weights)) {
    const version = known(spelling, `traffic.${spelling}`);
    if (traffic.has(version)) problems.push(`traffic.${spelling}: version ${version} is given twice`);
    traffic.set(version, weight);
  }
  const sum = [...traffic.values()].reduce((a, b) => a + b, 0);
  if (sum <= 0) problems.push('traffic: expected at least one weight above 0, got none');
  return traffic;
}

function readBatching({ task, batching }: ParsedManifest, settings: RegistrySettings): BatchingSpec {
  const wanted = batching.max_batch_size ?? settings.maxBatchSize;
  return {
    maxBatchSize: Math.min(wanted, settings.maxBatchSize, batchTaskOf(task)?.maxBatchSize ?? Infinity),
    maxDelayMs: batching.max_delay_ms,
    maxQueueSize: batching.max_queue_size ?? settings.maxQueueSize,
    maxBatchTokens: batching.max_batch_tokens ?? null,
  };
}

function readReplicas(replicas: ParsedManifest['replicas'], settings: RegistrySettings): ReplicasSpec {
  return {
    count: replicas.count ?? settings.replicas,
    intraOpThreads: replicas.intra_op_threads ?? settings.intraOpThreads,
    executionProviders: replicas.execution_providers ?? null,
    dynamicQuantization: replicas.dynamic_quantization,
    requireGpu: replicas.require_gpu,
    stallTimeoutMs:
      replicas.stall_timeout === undefined ? settings.replicaStallTimeoutMs : replicas.stall_timeout * 1000,
  };
}
