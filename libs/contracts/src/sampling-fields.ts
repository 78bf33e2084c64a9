/** A numeric parameter. */
interface NumberField {
  readonly type: 'number' | 'integer';
  readonly min?: number;
  /** The value must be greater than this. */
  readonly above?: number;
  readonly max: number;
}

/** A list of nonempty strings. */
interface StringsField {
  readonly type: 'strings';
  readonly maxItems: number;
  /** Longest item in our own REST bodies, in characters. */
  readonly restItemMax: number;
}

interface SwitchField {
  readonly type: 'boolean';
}

/** One sampling parameter, with the names that callers use. */
export type SamplingField = (NumberField | StringsField | SwitchField) & {
  /** Name in our own REST bodies; null where they do not have it. */
  readonly rest: string | null;
  /** Name in OpenAI's API, or in vLLM's extensions of it. */
  readonly openai: string;
  /** Upstreams that accept the OpenAI name: all, those with vLLM's extensions, or none. */
  readonly upstream: 'openai' | 'vllm' | 'none';
  /** The value that has no effect; also the default. */
  readonly neutral?: number | boolean;
  /** Default of our own REST bodies, if it differs from {@link neutral}. */
  readonly restDefault?: number;
  /** A stricter upper bound of our own REST bodies. */
  readonly restMax?: number;
  /** A lower bound of the OpenAI name; values below `min` mean the neutral one. */
  readonly openaiMin?: number;
  readonly description: string;
};

/** Integers of 64 bits, signed or unsigned. JSON numbers are doubles, so neighbors beyond 2^53 are the same seed. */
const SEED = { min: -(2 ** 63), max: 2 ** 64 } as const;

/**
 * All sampling parameters, by their names in a `GenerationRequest`. The REST bodies, the schemas of /v1, the engine's
 * checks, the requests to upstreams and the OpenAPI document are derived from this table.
 */
export const SAMPLING_FIELDS = {
  maxTokens: {
    rest: 'max_tokens',
    openai: 'max_tokens',
    upstream: 'openai',
    type: 'integer',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    restDefault: 256,
    restMax: 4096,
    description: 'An upper bound; the text also ends when the context is full.',
  },
  temperature: {
    rest: 'temperature',
    openai: 'temperature',
    upstream: 'openai',
    type: 'number',
    min: 0,
    max: 2,
    restDefault: 0.7,
    neutral: 1,
    description: '0 picks the most likely token: the same request gives the same text.',
  },
  topP: {
    rest: 'top_p',
    openai: 'top_p',
    upstream: 'openai',
    type: 'number',
    min: 0,
    max: 1,
    neutral: 1,
    description:
      'Keeps the most likely tokens that together reach this probability; 0 picks the most likely one, 1 is off.',
  },
  topK: {
    rest: 'top_k',
    openai: 'top_k',
    upstream: 'vllm',
    type: 'integer',
    min: 0,
    max: 1_000_000,
    neutral: 0,
    // vLLM's value for off.
    openaiMin: -1,
    description: 'Keeps this many of the most likely tokens; 0 is off.',
  },
  minP: {
    rest: 'min_p',
    openai: 'min_p',
    upstream: 'vllm',
    type: 'number',
    min: 0,
    max: 1,
    neutral: 0,
    description: 'Keeps tokens at least this likely relative to the most likely one; 0 is off.',
  },
  repetitionPenalty: {
    rest: 'repetition_penalty',
    openai: 'repetition_penalty',
    upstream: 'vllm',
    type: 'number',
    above: 0,
    max: 100,
    neutral: 1,
    description: 'Above 1, tokens of the prompt or of the text so far become less likely.',
  },
  presencePenalty: {
    rest: 'presence_penalty',
    openai: 'presence_penalty',
    upstream: 'openai',
    type: 'number',
    min: -2,
    max: 2,
    neutral: 0,
    description: 'Subtracted once from the logit of each generated token.',
  },
  frequencyPenalty: {
    rest: 'frequency_penalty',
    openai: 'frequency_penalty',
    upstream: 'openai',
    type: 'number',
    min: -2,
    max: 2,
    neutral: 0,
    description: 'Subtracted from the logit of each generated token, once for each occurrence.',
  },
  seed: {
    rest: 'seed',
    openai: 'seed',
    upstream: 'openai',
    type: 'integer',
    ...SEED,
    description:
      'The same seed and request give the same text; without a seed it is random. Integers beyond 2^53 are folded into 53 bits.',
  },
  stop: {
    rest: 'stop_sequences',
    openai: 'stop',
    upstream: 'openai',
    type: 'strings',
    maxItems: 4,
    restItemMax: 20,
    description: 'The text ends before any of these.',
  },
  reproducible: {
    rest: 'reproducible',
    openai: 'reproducible',
    upstream: 'none',
    type: 'boolean',
    neutral: false,
    description: 'Computes the text independently of other requests, as a seed and temperature 0 always do.',
  },
  topLogprobs: {
    rest: null,
    openai: 'top_logprobs',
    upstream: 'openai',
    type: 'integer',
    min: 0,
    max: 20,
    description: 'Alternatives that are reported for each token.',
  },
} as const satisfies Record<string, SamplingField>;

type Fields = typeof SAMPLING_FIELDS;

/** Name of a parameter in a `GenerationRequest`. */
export type SamplingName = keyof Fields;

interface ValueOf {
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly strings: readonly string[];
}

/** The parameters as a `GenerationRequest` has them. */
export type SamplingValues = {
  readonly [Name in SamplingName]?: ValueOf[Fields[Name]['type']];
};

/** Parameters under the names of the REST API or of OpenAI's. */
export type NamedSampling<Door extends 'rest' | 'openai'> = {
  readonly [Name in SamplingName as Fields[Name][Door] extends string ? Fields[Name][Door] : never]?:
    ValueOf[Fields[Name]['type']] | undefined;
};

/** The table as a list, with the optional columns visible to the type checker. */
export const SAMPLING_ROWS: readonly (SamplingField & { readonly name: SamplingName })[] = Object.entries(
  SAMPLING_FIELDS,
).map(([name, field]) => ({ name: name as SamplingName, ...field }));

/** The sampling parameters of a validated body, by their names in a `GenerationRequest`. Absent fields stay absent. */
export function samplingOf<Door extends 'rest' | 'openai'>(
  door: Door,
  body: NamedSampling<Door>,
): SamplingValues {
  const given = body as Readonly<Record<string, unknown>>;
  const values: Record<string, unknown> = {};
  for (const row of SAMPLING_ROWS) {
    const value = row[door] === null ? undefined : given[row[door]];
    if (value !== undefined) values[row.name] = normalized(row, value);
  }
  return values;
}

function normalized(row: (typeof SAMPLING_ROWS)[number], value: unknown): unknown {
  if (row.name === 'seed') return foldSeed(value as number);
  return row.openaiMin !== undefined && row.type === 'integer' && (value as number) < (row.min ?? 0)
    ? row.neutral
    : value;
}

const SEED_BITS = 53;

/** Folds an integer into 53 bits, which every JSON reader represents exactly. All its bits count. */
function foldSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  const bits = BigInt(seed);
  return Number(BigInt.asIntN(SEED_BITS, bits ^ (bits >> BigInt(SEED_BITS))));
}
