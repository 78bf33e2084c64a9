import type { z } from 'zod';
import type { BatchTypes } from './batch-types.js';
import type { BatchRoute, RestRoute, RouteTypes } from './rest-route.js';

/** `config.json` of a model in the Hugging Face layout, as far as it tells what the model is for. */
export interface HuggingFaceConfig {
  /** Such as `BertModel`; empty when the file names none. */
  readonly architectures: readonly string[];
  /** Class names by their row. */
  readonly id2label?: Readonly<Record<string, string>> | undefined;
  readonly problem_type?: string | null | undefined;
}

/** A model's folder in the Hugging Face layout. */
export interface HuggingFaceFolder {
  readonly config: HuggingFaceConfig;
  /** The content of a JSON file given relative to the folder; undefined when there is none. */
  readonly readJson: (relative: string) => Promise<unknown>;
  readonly has: (relative: string) => Promise<boolean>;
}

/** A kind of task: what a model is fed with and what it answers. */
export interface Task<Kind extends string> {
  /** As manifests name it. */
  readonly kind: Kind;
  /** One sentence, for the manifest's schema. */
  readonly description: string;
  /** Its REST side. Empty: nobody asks for it over REST. */
  readonly routes: readonly RestRoute<Kind, object, unknown>[];
  /** Fields of the manifest that the files of a folder imply; null when its model is for another task. */
  detect(folder: HuggingFaceFolder): Promise<Readonly<Record<string, unknown>> | null>;
}

/** The files of a model: each path is checked (inside the repository, no link, checksum) before it is handed out. */
export interface TaskFiles {
  /** Absolute path of a file given relative to the model's folder. Fails when it is missing or refused. */
  path(relative: string): Promise<string>;
  /** Whether the file exists. */
  has(relative: string): Promise<boolean>;
  readText(relative: string): Promise<string>;
}

/** A task made ready for one version of a model. */
export interface PreparedTask<Types extends Pick<BatchTypes, 'item' | 'details'>> {
  /** Options for the kernel; copied into the replicas' threads. */
  readonly kernelOptions: unknown;
  /** Details for the use case, such as labels. */
  readonly details: Types['details'];
  /** Items of the trial run of each replica. Empty: the model cannot be tried without a caller's input. */
  readonly trialItems: readonly Types['item'][];
  /** How much of a batch's token budget an item takes, before padding. */
  costOf(item: Types['item']): number;
  /** Buffers of a caller's item that nobody reads any more once it runs: they are moved to the replica, not copied. */
  buffersOf(item: Types['item']): readonly ArrayBuffer[];
}

/** A task whose models run batch by batch: the options that manifests may set, and how they become a kernel. */
export interface BatchTask<Kind extends string, Options, Types extends BatchTypes> extends Task<Kind> {
  /** The manifest's section for the task. Everything has a default. */
  readonly optionsSchema: z.ZodType<Options>;
  /** The module that replicas import; exports `createKernel`. */
  readonly kernelUrl: string;
  /** Most items in a batch, whatever the manifest says; default: what the manifest says. */
  readonly maxBatchSize?: number;
  /** Never set: it carries the types of the task. */
  readonly types?: Types;
  readonly routes: readonly BatchRoute<Kind, Types & RouteTypes>[];
  prepare(options: Options, files: TaskFiles): Promise<PreparedTask<Types>>;
}
