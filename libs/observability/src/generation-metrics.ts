import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Names of the metrics of language models: vLLM's, which existing dashboards use, or our own if vLLM has none. */
export const GENERATION_METRIC_NAMES = {
  running: 'vllm:num_requests_running',
  waiting: 'vllm:num_requests_waiting',
  kvUsage: 'vllm:kv_cache_usage_perc',
  promptTokens: 'vllm:prompt_tokens_total',
  generationTokens: 'vllm:generation_tokens_total',
  firstToken: 'vllm:time_to_first_token_seconds',
  interToken: 'vllm:inter_token_latency_seconds',
  endToEnd: 'vllm:e2e_request_latency_seconds',
  requests: 'aerie_generation_requests_total',
  cachedTokens: 'aerie_generation_cached_tokens_total',
  stepTokens: 'aerie_generation_step_tokens_total',
  step: 'aerie_generation_step_duration_seconds',
} as const;

/** A finished request for text. */
export interface GenerationObservation {
  readonly outcome: 'completed' | 'canceled' | 'failed';
  readonly usage: {
    readonly promptTokens: number;
    readonly cachedTokens: number;
    readonly completionTokens: number;
  };
  readonly totalMs: number;
}

/** A run of a language model. */
export interface StepObservation {
  readonly kind: 'prefill' | 'decode';
  readonly tokens: number;
  readonly runMs: number;
}

/** The activity of a language model at the time of a scrape. */
export interface GenerationGauges {
  readonly model: string;
  readonly running: number;
  readonly waiting: number;
  /** 0..1 */
  readonly kvUsage: number;
}

const FIRST_TOKEN_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const INTER_TOKEN_BUCKETS = [0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5];
const END_TO_END_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const STEP_BUCKETS = [0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1];

/** Metrics of language models, with the label `model_name` like vLLM's. */
export class GenerationMetrics {
  #source: () => readonly GenerationGauges[] = () => [];
  readonly #promptTokens: Counter<'model_name'>;
  readonly #generationTokens: Counter<'model_name'>;
  readonly #cachedTokens: Counter<'model_name'>;
  readonly #requests: Counter<'model_name' | 'outcome'>;
  readonly #stepTokens: Counter<'model_name' | 'kind'>;
  readonly #firstToken: Histogram<'model_name'>;
  readonly #interToken: Histogram<'model_name'>;
  readonly #endToEnd: Histogram<'model_name'>;
  readonly #step: Histogram<'model_name' | 'kind'>;

  constructor(registry: Registry) {
    const names = GENERATION_METRIC_NAMES;
    const registers = [registry];
    const ofModel = ['model_name'] as const;
    const gauge = (
      name: string,
      help: string,
      value: (state: GenerationGauges) => number,
      // How the values of several processes are merged.
      aggregator: 'sum' | 'average' = 'sum',
    ): void => {
      const source = (): readonly GenerationGauges[] => this.#source();
      new Gauge({
        name,
        help,
        labelNames: ofModel,
        registers,
        aggregator,
        collect() {
          this.reset();
          for (const state of source()) this.inc({ model_name: state.model }, value(state));
        },
      });
    };
    gauge(names.running, 'Texts being generated.', ({ running }) => running);
    gauge(names.waiting, 'Requests waiting for a slot.', ({ waiting }) => waiting);
    gauge(names.kvUsage, 'Share of the KV cache in use, 0 to 1.', ({ kvUsage }) => kvUsage, 'average');
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers });
    this.#promptTokens = counter(names.promptTokens, 'Prompt tokens, including cached ones.', ofModel);
    this.#generationTokens = counter(names.generationTokens, 'Generated tokens.', ofModel);
    this.#cachedTokens = counter(names.cachedTokens, 'Prompt tokens reused from the cache.', ofModel);
    this.#requests = counter(names.requests, 'Finished requests for text.', ['model_name', 'outcome']);
    this.#stepTokens = counter(names.stepTokens, 'Tokens processed by runs of the model.', [
      'model_name',
      'kind',
    ]);
    const histogram = <L extends string>(
      name: string,
      help: string,
      labelNames: readonly L[],
      buckets: number[],
    ): Histogram<L> => new Histogram({ name, help, labelNames, buckets, registers });
    this.#firstToken = histogram(
      names.firstToken,
      'From a request to its first text.',
      ofModel,
      FIRST_TOKEN_BUCKETS,
    );
    this.#interToken = histogram(
      names.interToken,
      'From one piece of text to the next.',
      ofModel,
      INTER_TOKEN_BUCKETS,
    );
    this.#endToEnd = histogram(names.endToEnd, 'From a request to its end.', ofModel, END_TO_END_BUCKETS);
    this.#step = histogram(names.step, 'Runs of the model.', ['model_name', 'kind'], STEP_BUCKETS);
  }

  /** Source of the gauges at each scrape. Versions of one model are summed. */
  watch(source: () => readonly GenerationGauges[]): void {
    this.#source = source;
  }

  observeFirstToken(model: string, elapsedMs: number): void {
    this.#firstToken.observe({ model_name: model }, elapsedMs / 1000);
  }

  observeInterToken(model: string, elapsedMs: number): void {
    this.#interToken.observe({ model_name: model }, elapsedMs / 1000);
  }

  observeStep(model: string, { kind, tokens, runMs }: StepObservation): void {
    this.#step.observe({ model_name: model, kind }, runMs / 1000);
    this.#stepTokens.inc({ model_name: model, kind }, tokens);
  }

  observeEnd(model: string, { outcome, usage, totalMs }: GenerationObservation): void {
    const labels = { model_name: model };
    this.#requests.inc({ ...labels, outcome });
    this.#promptTokens.inc(labels, usage.promptTokens);
    this.#cachedTokens.inc(labels, usage.cachedTokens);
    this.#generationTokens.inc(labels, usage.completionTokens);
    if (outcome === 'completed') this.#endToEnd.observe(labels, totalMs / 1000);
  }
}
