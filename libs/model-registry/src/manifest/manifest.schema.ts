import { TASK_KINDS, TASKS } from '@aerie/tasks';
import { z } from 'zod';

/** A name that fits into a path segment and a header. */
export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const version = z
  .string()
  .regex(/^[vV]?[1-9]\d{0,8}$/, 'a version: a positive integer as a string, such as "2" or "v2"');
const load = z.enum(['eager', 'lazy']);

const batching = z
  .strictObject({
    max_batch_size: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe('Maximum items in a batch. Never more than MAX_BATCH_SIZE, which is the default.'),
    max_delay_ms: z
      .number()
      .min(0)
      .max(60_000)
      .default(0)
      .describe(
        'How long the first request may wait for others to join its batch while a replica is idle, milliseconds. ' +
          'With 0, requests collect only while every replica is busy.',
      ),
    max_queue_size: z
      .int()
      .min(1)
      .max(65_536)
      .optional()
      .describe('Maximum waiting requests; further ones get 429. Default: MAX_QUEUE_SIZE.'),
    max_batch_tokens: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Limit on the padded cost of a batch: items times tokens of the longest item. Default: none.',
      ),
  })
  .prefault({});

const replicas = z
  .strictObject({
    count: z
      .int()
      .min(1)
      .max(256)
      .optional()
      .describe('Worker threads, each with its own copy of the model. Default: REPLICAS, else by CPU cores.'),
    intra_op_threads: z
      .int()
      .min(1)
      .max(256)
      .optional()
      .describe('ONNX Runtime threads in each replica. Default: INTRA_OP_THREADS, else by CPU cores.'),
    execution_providers: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('ONNX execution providers to try, in order, such as ["cuda"]. Default: by DEVICE.'),
    dynamic_quantization: z
      .boolean()
      .default(false)
      .describe(
        'On the CPU, computes MatMuls whose weights are stored as int8 in integers, with activations quantized at run ' +
          'time, row by row: faster, with small errors.',
      ),
    require_gpu: z.boolean().default(false).describe('Health reports "degraded" if no GPU is used.'),
    stall_timeout: z
      .number()
      .min(0.1)
      .max(3600)
      .optional()
      .describe('Seconds after which a run counts as hung. Default: REPLICA_STALL_TIMEOUT.'),
  })
  .prefault({});

/** Fields of one version, in addition to those of the task's section. */
export const versionManifestSchema = z.strictObject({
  description: z.string().max(2000).optional(),
  load: load.optional().describe("Overrides the model's load."),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The ONNX file: inside the version's folder, or inside the model's folder if the version has none. " +
        'Default: model.onnx, else the only ONNX file.',
    ),
});

/** Fields of every manifest, for any task. */
export const manifestSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(MODEL_NAME, 'a name of letters, digits, ".", "_" and "-", at most 128')
    .optional()
    .describe('Default: the name of the folder.'),
  task: z
    .enum(TASK_KINDS)
    .default('tensor')
    .describe(
      `What the model is served as. ${TASKS.map(({ kind, description }) => `${kind}: ${description}`).join(' ')}`,
    ),
  description: z.string().max(2000).optional(),
  default_for_task: z
    .boolean()
    .default(false)
    .describe('Serves requests of the task that name no model. Only one model of a task may set it.'),
  default: version
    .optional()
    .describe('Version for requests that name no version, if no traffic split is set. Default: the highest.'),
  aliases: z
    .record(z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'an alias that begins with a letter'), version)
    .default({})
    .describe('Other names for versions, such as { "stable": "2" }. "v2" always means "2".'),
  traffic: z
    .record(version, z.number().min(0).max(1e9))
    .optional()
    .describe('Weights by version for requests that name no version. Default: all to the default version.'),
  sticky: z
    .boolean()
    .default(true)
    .describe(
      'Whether the traffic split keeps a caller on one version; otherwise each request gets a random version.',
    ),
  load: load
    .optional()
    .describe(
      'eager: loaded at startup; lazy: on first use. Default: the default version and versions with traffic are eager.',
    ),
  versions: z
    .record(version, z.looseObject(versionManifestSchema.shape))
    .default({})
    .describe("Fields of single versions, including fields of the task's section."),
  batching,
  replicas,
  keep_alive: z
    .number()
    .min(0)
    .max(31_536_000)
    .optional()
    .describe('Idle seconds after which a lazy version is unloaded; 0: never. Default: MODEL_KEEP_ALIVE.'),
  sha256: z
    .record(z.string().min(1), z.string().regex(/^[0-9a-f]{64}$/, '64 lowercase hexadecimal digits'))
    .default({})
    .describe("Checksums by file, relative to the model's folder. Checked at every load."),
  source: z.string().max(2000).optional(),
  license: z.string().max(200).optional(),
});

/** The fields that every manifest may have, validated. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Fields of {@link manifestSchema}; any other belongs to the section of the task. */
export const MANIFEST_FIELDS: ReadonlySet<string> = new Set(Object.keys(manifestSchema.shape));

/** Fields of {@link versionManifestSchema}. */
export const VERSION_FIELDS: ReadonlySet<string> = new Set(Object.keys(versionManifestSchema.shape));
