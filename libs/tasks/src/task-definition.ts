import type { TaskKind } from '@aerie/contracts';
import type { z } from 'zod';
import type { ClassificationDetails, ClassificationItem, ClassScore } from './image-classification/types.js';
import type { TensorItem, TensorResult } from './tensor/types.js';
import type { EmbeddingDetails, EmbeddingItem, EmbeddingResult } from './text-embedding/types.js';

/** Item, result and details of each kind of task whose models run batch by batch. */
export interface TaskTypes {
  readonly 'image-classification': {
    readonly item: ClassificationItem;
    readonly result: readonly ClassScore[];
    readonly details: ClassificationDetails;
  };
  readonly 'text-embedding': {
    readonly item: EmbeddingItem;
    readonly result: EmbeddingResult;
    readonly details: EmbeddingDetails;
  };
  readonly tensor: {
    readonly item: TensorItem;
    readonly result: TensorResult;
    readonly details: Readonly<Record<string, never>>;
  };
}

/** Kinds of task whose models run batch by batch (text generation has an engine of its own). */
export type BatchTaskKind = keyof TaskTypes & TaskKind;

/** The files of a model: each path is checked (inside the repository, no link, checksum) before it is handed out. */
export interface ModelFiles {
  /** Absolute path of a file given relative to the model's folder. Fails when it is missing or refused. */
  path(relative: string): Promise<string>;
  /** Whether the file exists. */
  has(relative: string): Promise<boolean>;
  readText(relative: string): Promise<string>;
}

/** A task made ready for one version of a model. */
export interface PreparedTask<K extends BatchTaskKind> {
  readonly kind: K;
  /** Options for the kernel; copied into the replicas' threads. */
  readonly kernelOptions: unknown;
  /** What the use case needs to know, such as labels. */
  readonly details: TaskTypes[K]['details'];
  /** Items of the trial run that warms a replica. Empty: the model cannot be tried without a caller's input. */
  readonly warmupItems: readonly TaskTypes[K]['item'][];
  /** How much of a batch's token budget an item takes, before padding. */
  costOf(item: TaskTypes[K]['item']): number;
  /** Buffers of a caller's item that nobody reads any more once it runs: they are moved to the replica, not copied. */
  buffersOf(item: TaskTypes[K]['item']): readonly ArrayBuffer[];
}

/** A kind of task: the options that manifests may set, and how they become a kernel. */
export interface TaskDefinition<K extends BatchTaskKind, Options> {
  readonly kind: K;
  /** The manifest's section for the task. Everything has a default. */
  readonly optionsSchema: z.ZodType<Options>;
  /** The module that replicas import; exports `createKernel`. */
  readonly kernelUrl: string;
  prepare(options: Options, files: ModelFiles): Promise<PreparedTask<K>>;
}
