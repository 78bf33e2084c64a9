import type { Decoder } from '../decoder/decoder.js';
import type { PrefixCache } from '../decoder/prefix-cache.js';
import type { Occupant, RowTable } from './row-table.js';

/** What a {@link Prefiller} works with. */
export interface PrefillerOptions {
  readonly decoder: Decoder;
  readonly rows: RowTable;
  readonly prefixes: PrefixCache;
  /** Tokens of a prompt that are prefilled in one run, at most. */
  readonly chunkSize: number;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** A piece of a prompt that is to be run. */
export interface PromptChunk {
  readonly row: number;
  readonly occupant: Occupant;
  readonly tokens: readonly number[];
}

/** A chunk that was run. */
export interface PrefilledChunk {
  /** Logits after the chunk's last token, valid until the decoder's next call. */
  readonly logits: Float32Array;
  /** Whether it was the prompt's last. */
  readonly isLast: boolean;
  readonly startedAt: number;
  readonly ranAt: number;
}

/** A share of the chunks goes to the prompt that waits longest, so that short ones cannot hold it up for ever. */
const OLDEST_FIRST_EVERY = 3;

/** Reads prompts chunk by chunk, beginning with what earlier requests left behind of them. */
export class Prefiller {
  readonly #options: PrefillerOptions;
  #chunksRun = 0;

  constructor(options: PrefillerOptions) {
    this.#options = options;
  }

  /** The chunk to run next; null when there is none, or it has more than so many tokens. */
  next(budget: number): PromptChunk | null {
    const { decoder, chunkSize } = this.#options;
    const next = this.#nextPrompt();
    if (next === null) return null;
    const [row, occupant] = next;
    this.#reusePrefix(row, occupant);
    const length = decoder.lengths[row] as number;
    // Chunks end at multiples of their size, whatever was reused: results depend on where they end.
    const boundary = length - (length % chunkSize) + chunkSize;
    const tokens = occupant.sequence.tokens.slice(length, boundary);
    return tokens.length > budget ? null : { row, occupant, tokens };
  }

  /** Runs a chunk, and keeps its keys for requests to come. */
  async run({ row, occupant, tokens }: PromptChunk): Promise<PrefilledChunk> {
    const { decoder, prefixes, chunkSize, now } = this.#options;
    const { task, sequence } = occupant;
    const length = decoder.lengths[row] as number;
    const startedAt = now();
    const logits = await decoder.prefill(row, tokens);
    const ranAt = now();
    this.#chunksRun++;
    const end = length + tokens.length;
    const isLast = end === sequence.promptTokens;
    if (task.exactTokens === length && tokens.length === chunkSize) task.exactTokens = end;
    if (task.exactTokens === end || isLast) {
      prefixes.store(sequence.tokens.slice(0, end), task.exactTokens, (start, count) =>
        decoder.exportBlock(row, start, count),
      );
    }
    return { logits, isLast, startedAt, ranAt };
  }

  /** Looked up just before the first chunk: requests that arrive together then share what the first one computes. */
  #reusePrefix(row: number, { task, sequence }: Occupant): void {
    if (task.prefixSought) return;
    task.prefixSought = true;
    const { decoder, prefixes } = this.#options;
    for (const match of prefixes.match(sequence.tokens, task.reproducible)) {
      decoder.importBlock(row, match.block, match.blockTokens, match.count);
      if (match.exact) task.exactTokens += match.count;
      task.cachedTokens += match.count;
    }
  }

  /** The prompt with the least left to do, or every few chunks the one that waits longest. */
  #nextPrompt(): readonly [number, Occupant] | null {
    const { decoder, rows } = this.#options;
    const byAge = this.#chunksRun % OLDEST_FIRST_EVERY === OLDEST_FIRST_EVERY - 1;
    let best: readonly [number, Occupant] | null = null;
    let least = Infinity;
    for (const entry of rows.entries()) {
      const [row, { task, sequence, phase }] = entry;
      if (phase !== 'prefill' || task.paused || task.canceled) continue;
      const measure = byAge ? task.id : sequence.promptTokens - (decoder.lengths[row] as number);
      if (measure < least) {
        least = measure;
        best = entry;
      }
    }
    return best;
  }
}
