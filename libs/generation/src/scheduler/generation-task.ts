import { randomInt } from 'node:crypto';
import type { GenerationRequest, GenerationUsage } from '../generation-request.js';
import { type ResolvedSampling, resolveSampling } from '../sampling/sampling-params.js';
import { Sequence, type SequenceOptions } from './sequence.js';

/** Properties of the model that a task needs. */
export type TaskEnvironment = Omit<SequenceOptions, 'sampling' | 'maxTokens' | 'stop'>;

const NO_TOKENS: ReadonlySet<number> = new Set();

/** One request on its way through the scheduler. */
export class GenerationTask {
  readonly id: number;
  readonly request: GenerationRequest;
  readonly sampling: ResolvedSampling;
  readonly choices: number;
  readonly priority: number;
  /** Whether its text must not depend on other requests. */
  readonly reproducible: boolean;
  /** Prompt tokens; null until it is tokenized. */
  prompt: readonly number[] | null = null;
  cachedTokens = 0;
  /** Whether the prefix cache has been searched. */
  prefixSought = false;
  /** Leading tokens of the prompt that were prefilled in its own whole chunks, or are bit-identical to that. */
  exactTokens = 0;
  paused = false;
  canceled = false;
  sequences: readonly Sequence[] = [];
  /** Choices that have not finished. */
  open = 0;

  constructor(id: number, request: GenerationRequest) {
    this.id = id;
    this.request = request;
    this.sampling = resolveSampling(request, randomInt(2 ** 47));
    this.choices = request.n ?? 1;
    this.priority = request.priority ?? 0;
    this.reproducible =
      request.reproducible === true || request.seed !== undefined || this.sampling.temperature === 0;
  }

  /** Maximum number of tokens of a choice of this task. */
  tokenLimit(contextLength: number): number {
    const { maxTokens } = this.request;
    const prompt = this.prompt?.length ?? 0;
    return maxTokens === undefined ? contextLength : Math.min(contextLength, prompt + maxTokens);
  }

  /** Creates the choices, after the prompt has been tokenized. */
  begin(environment: TaskEnvironment): void {
    const prompt = this.prompt ?? [];
    const options: SequenceOptions = {
      ...environment,
      eosIds: this.request.ignoreEos === true ? NO_TOKENS : environment.eosIds,
      sampling: this.sampling,
      maxTokens: this.request.maxTokens ?? Infinity,
      stop: this.request.stop ?? [],
    };
    this.sequences = Array.from({ length: this.choices }, (_, index) => new Sequence(index, prompt, options));
    this.open = this.choices;
  }

  usage(): GenerationUsage {
    return {
      promptTokens: this.prompt?.length ?? 0,
      cachedTokens: this.cachedTokens,
      completionTokens: this.sequences.reduce((sum, sequence) => sum + sequence.generated, 0),
    };
  }
}
