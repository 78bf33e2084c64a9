import { AerieError, type AerieErrorJson } from '@aerie/contracts';
import { PrefixCache } from '../decoder/prefix-cache.js';
import type { ChosenTokenLogprob, FinishReason } from '../generation-request.js';
import { Sampler } from '../sampling/sampler.js';
import { chunkEnds } from './chunk-ends.js';
import type { GenerationTask } from './generation-task.js';
import { Prefiller } from './prefiller.js';
import { type RowEntry, RowTable } from './row-table.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { StepRecord, StreamUpdate } from './stream-update.js';

/**
 * Continuous batching: requests join and leave between steps. Each step prefills at most one chunk's worth of
 * prompt tokens, then decodes one token for every running sequence, so running streams never wait longer than one
 * chunk. Owns the waiting queue, the rows and the prefix cache; does not deal with threads.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #rows: RowTable;
  readonly #prefixes: PrefixCache;
  readonly #prefiller: Prefiller;
  readonly #sampler: Sampler;
  readonly #tasks = new Map<number, GenerationTask>();
  #queue: GenerationTask[] = [];
  #updates: StreamUpdate[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#rows = new RowTable(options.maxSlots, options.decoder);
    const { decoder, chunkSize, prefixCacheBytes, now } = options;
    const { tokenBytes } = options.environment;
    const endsOf = (tokens: readonly number[]) =>
      chunkEnds(tokens, chunkSize, (token) => decoder.canShare && tokenBytes.isSpecial(token));
    this.#prefixes = new PrefixCache(endsOf, decoder.canShare ? prefixCacheBytes : 0);
    this.#prefiller = new Prefiller({
      decoder,
      rows: this.#rows,
      prefixes: this.#prefixes,
      chunkSize,
      endsOf,
      now,
    });
    this.#sampler = new Sampler(decoder.vocabSize);
  }

  /** Whether a step would do anything. */
  get hasWork(): boolean {
    if (this.#queue.some((task) => task.canceled) || this.#updates.length > 0) return true;
    const entries = this.#rows.entries();
    return (
      entries.some(([, { task, phase }]) => task.canceled || (phase !== 'reserved' && !task.paused)) ||
      (this.#queue.length > 0 && this.#admissible(this.#queue[0] as GenerationTask))
    );
  }

  /** Requests waiting for a row. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Rows in use. */
  get running(): number {
    return this.#options.maxSlots - this.#rows.free;
  }

  /** Share of the token budget in use, padding included, 0..1. */
  get kvUsage(): number {
    const { decoder, kvBudgetTokens } = this.#options;
    return decoder.usedBytes() / (kvBudgetTokens * decoder.bytesPerToken);
  }

  /** Puts a request in the queue: after those of its priority, before those of a lower one. */
  submit(task: GenerationTask): void {
    this.#tasks.set(task.id, task);
    const after = this.#queue.findLastIndex(({ priority }) => priority >= task.priority);
    this.#queue.splice(after + 1, 0, task);
  }

  /** Ends a request before the next run of the model, in any state. Ignores unknown ids: the request may just have ended. */
  cancel(id: number): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) task.canceled = true;
  }

  /** Pauses or resumes a request. It keeps its rows. */
  setPaused(id: number, paused: boolean): void {
    const task = this.#tasks.get(id);
    if (task !== undefined) task.paused = paused;
  }

  /** Admits, prefills, decodes. Nothing else may be called on the decoder meanwhile. */
  async step(): Promise<void> {
    this.#reap();
    this.#admit();
    // Reported before the run, so that it is known which requests are lost if the run never returns.
    this.#publish([]);
    try {
      await this.#prefillStep();
      await this.#decodeStep();
    } catch (error) {
      this.#failAll(error);
    }
    this.#publish([]);
  }

  /** Removes canceled requests, queued or running. */
  #reap(): void {
    for (const task of [...this.#tasks.values()]) {
      if (task.canceled)
        this.#end(task, new AerieError('CANCELED', 'the caller left before the text was complete'));
    }
  }

  #admit(): void {
    for (
      let task = this.#queue[0];
      task !== undefined && this.#rows.free >= task.choices;
      task = this.#queue[0]
    ) {
      try {
        task.prompt ??= this.#options.encode(task);
      } catch (error) {
        this.#queue.shift();
        this.#end(task, error);
        continue;
      }
      if (!this.#admissible(task)) return;
      this.#queue.shift();
      this.#start(task);
    }
  }

  /** Whether there are enough rows, and room for every token of the running requests in the worst case. */
  #admissible(task: GenerationTask): boolean {
    const { environment, kvBudgetTokens, maxSlots } = this.#options;
    if (this.#rows.free < task.choices) return false;
    const running = this.#rows.entries().map(([, entry]) => entry.task);
    const longest = Math.max(...[task, ...running].map((each) => each.tokenLimit(environment.contextLength)));
    const rows = maxSlots - this.#rows.free + task.choices;
    return running.length === 0 || rows * longest <= kvBudgetTokens;
  }

  #start(task: GenerationTask): void {
    task.begin(this.#options.environment);
    task.sequences.forEach((sequence, index) => {
      this.#rows.add({ task, sequence, phase: index === 0 ? 'prefill' : 'reserved', unreportedTokens: 0 });
    });
    this.#updates.push({ id: task.id, type: 'started', usage: task.usage() });
  }

  /** Runs chunks of prompts up to one chunk's worth of tokens: several if they are short. */
  async #prefillStep(): Promise<void> {
    let budget = this.#options.chunkSize;
    for (let chunk = this.#prefiller.next(budget); chunk !== null; chunk = this.#prefiller.next(budget)) {
      budget -= chunk.tokens.length;
      const { logits, isLast, runMs } = await this.#prefiller.run(chunk);
      if (isLast) this.#startDecoding(chunk.row, chunk.entry, logits);
      this.#publish([{ kind: 'prefill', rows: 1, tokens: chunk.tokens.length, runMs }]);
    }
  }

  /** The prompt is complete: the other choices copy its keys, and every choice draws its first token from its logits. */
  #startDecoding(row: number, { task }: RowEntry, logits: Float32Array): void {
    if (task.canceled) return;
    const siblings = this.#rows.entries().filter(([, entry]) => entry.task === task);
    for (const [siblingRow, sibling] of siblings) {
      if (siblingRow !== row) this.#options.decoder.copyRow(row, siblingRow);
      sibling.phase = 'decode';
    }
    for (const [, sibling] of siblings) {
      this.#accept(sibling, siblings.length === 1 ? logits : logits.slice());
    }
  }

  async #decodeStep(): Promise<void> {
    const { decoder, now } = this.#options;
    const batch = this.#rows.gather(
      ({ task, phase }) => phase === 'decode' && !task.paused && !task.canceled,
    );
    if (batch.length === 0) return;
    const startedAt = now();
    const reproducible = batch.some(({ task }) => task.reproducible);
    const tokens = batch.map(({ sequence }) => sequence.tokens.at(-1) as number);
    const logits = await decoder.decode({ tokens, reproducible });
    const runMs = now() - startedAt;
    batch.forEach((entry, row) => {
      // A request may be canceled while the model runs: then it gets nothing from this step.
      if (entry.task.canceled) return;
      this.#accept(entry, logits.subarray(row * decoder.vocabSize, (row + 1) * decoder.vocabSize));
    });
    this.#publish([{ kind: 'decode', rows: batch.length, tokens: batch.length, runMs }]);
  }

  /** Draws a sequence's next token and emits its text. */
  #accept(entry: RowEntry, logits: Float32Array): void {
    const { task, sequence } = entry;
    const { sampling } = task;
    const sampled = this.#sampler.sample(logits, {
      sampling,
      counts: sequence.counts,
      choice: sequence.index,
      position: sequence.generated,
    });
    if (sampled === null) {
      this.#options.decoder.scrub(this.#rows.rowOf(sequence));
      this.#end(task, new AerieError('INTERNAL', 'the model returned no usable probabilities for this text'));
      return;
    }
    const { text, logprobs, finishReason } = sequence.accept(sampled.id, sampled.logprobs);
    this.#pushText(entry, text, logprobs);
    if (finishReason !== null) this.#finish(entry, finishReason);
  }

  #pushText(entry: RowEntry, text: string, logprobs: readonly ChosenTokenLogprob[]): void {
    entry.unreportedTokens++;
    if (text === '' && logprobs.length === 0) return;
    const { task, sequence, unreportedTokens: tokens } = entry;
    entry.unreportedTokens = 0;
    const event = { type: 'text', index: sequence.index, text, tokens } as const;
    this.#updates.push({
      id: task.id,
      type: 'event',
      event: task.sampling.topLogprobs === null ? event : { ...event, logprobs },
    });
  }

  /** A choice is complete: its keys are cached for requests that continue its text. */
  #finish({ task, sequence }: RowEntry, finishReason: FinishReason): void {
    const { decoder } = this.#options;
    const row = this.#rows.rowOf(sequence);
    const cached = sequence.tokens.slice(0, decoder.lengths[row]);
    this.#prefixes.store(cached, task.exactTokens, (start, count) => decoder.exportBlock(row, start, count));
    this.#rows.remove(row);
    const event = { type: 'finish', index: sequence.index, finishReason, usage: task.usage() } as const;
    this.#updates.push({ id: task.id, type: 'event', event });
    task.open--;
    if (task.open === 0) this.#end(task, null);
  }

  /** The request has ended: frees its rows and its place in the queue. */
  #end(task: GenerationTask, error: unknown): void {
    if (!this.#tasks.delete(task.id)) return;
    this.#queue = this.#queue.filter((queued) => queued !== task);
    for (const [row, entry] of this.#rows.entries()) {
      if (entry.task === task) this.#rows.remove(row);
    }
    task.canceled = true;
    this.#updates.push({ id: task.id, type: 'ended', usage: task.usage(), error: this.#serialize(error) });
  }

  #failAll(error: unknown): void {
    this.#options.onFault(error);
    const running = new Set(this.#rows.entries().map(([, { task }]) => task));
    for (const task of running) {
      this.#end(
        task,
        new AerieError('INTERNAL', 'the model failed while this text was generated', { cause: error }),
      );
    }
  }

  #serialize(error: unknown): AerieErrorJson | null {
    if (error === null) return null;
    if (error instanceof AerieError) return error.toJSON();
    this.#options.onFault(error);
    return new AerieError('INTERNAL', 'the request could not be prepared for the model').toJSON();
  }

  #publish(steps: readonly StepRecord[]): void {
    if (this.#updates.length === 0 && steps.length === 0) return;
    const updates = this.#updates;
    this.#updates = [];
    this.#options.publish(updates, steps);
  }
}
