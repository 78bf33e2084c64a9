import type { Decoder } from '../decoder/decoder.js';
import type { PrefixCache } from '../decoder/prefix-cache.js';
import type { RowEntry, RowTable } from './row-table.js';

/** Options for a {@link Prefiller}. */
export interface PrefillerOptions {
  readonly decoder: Decoder;
  readonly rows: RowTable;
  readonly prefixes: PrefixCache;
  /** Maximum prompt tokens to prefill in one run. */
  readonly chunkSize: number;
  /** Ends of a prompt's chunks. */
  readonly endsOf: (tokens: readonly number[]) => readonly number[];
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** A piece of a prompt to run. */
export interface PromptChunk {
  readonly row: number;
  readonly entry: RowEntry;
  readonly tokens: readonly number[];
  /** Whether it is one of the prompt's own chunks, complete, and so is all that comes before. */
  readonly isExact: boolean;
}

/** A chunk that was run. */
export interface PrefilledChunk {
  /** Logits after the chunk's last token, valid until the decoder's next call. */
  readonly logits: Float32Array;
  /** Whether it was the prompt's last. */
  readonly isLast: boolean;
  /** Duration of the run. */
  readonly runMs: number;
}

/** A share of the chunks goes to the prompt that has waited longest, so that short prompts cannot delay it forever. */
const OLDEST_FIRST_EVERY = 3;

/** Prefills prompts chunk by chunk, beginning after the prefix that is cached from earlier requests. */
export class Prefiller {
  readonly #options: PrefillerOptions;
  #chunksRun = 0;

  constructor(options: PrefillerOptions) {
    this.#options = options;
  }

  /** The next chunk to run; null if there is none, or if it has more than `budget` tokens. */
  next(budget: number): PromptChunk | null {
    const { decoder, chunkSize, endsOf } = this.#options;
    const next = this.#nextPrompt();
    if (next === null) return null;
    const [row, entry] = next;
    this.#reusePrefix(row, entry);
    const length = decoder.lengths[row] as number;
    const prompt = entry.sequence.tokens;
    const isExact = entry.task.exactTokens === length;
    const end = isExact ? endsOf(prompt).find((each) => each > length) : length + chunkSize;
    const tokens = prompt.slice(length, end);
    if (tokens.length > budget) return null;
    return { row, entry, tokens, isExact: isExact && length + tokens.length === end };
  }

  /** Runs a chunk and caches its keys and values for later requests. */
  async run({ row, entry, tokens, isExact }: PromptChunk): Promise<PrefilledChunk> {
    const { decoder, prefixes, now } = this.#options;
    const { task, sequence } = entry;
    const length = decoder.lengths[row] as number;
    const startedAt = now();
    const logits = await decoder.prefill(row, tokens);
    const runMs = now() - startedAt;
    this.#chunksRun++;
    const end = length + tokens.length;
    const isLast = end === sequence.promptTokens;
    if (isExact) task.exactTokens = end;
    if (task.exactTokens === end || isLast) {
      prefixes.store(sequence.tokens.slice(0, end), task.exactTokens, (start, count) =>
        decoder.exportBlock(row, start, count),
      );
    }
    return { logits, isLast, runMs };
  }

  /** Looks up the cache just before the first chunk, so that requests that arrive together share the first one's work. */
  #reusePrefix(row: number, { task, sequence }: RowEntry): void {
    if (task.prefixSought) return;
    task.prefixSought = true;
    const { decoder, prefixes } = this.#options;
    for (const match of prefixes.match(sequence.tokens, task.reproducible)) {
      decoder.importBlock(row, match.block, match.blockTokens, match.count);
      if (match.exact) task.exactTokens += match.count;
      task.cachedTokens += match.count;
    }
  }

  /** The prompt with the fewest tokens left, or every few chunks the one that has waited longest. */
  #nextPrompt(): readonly [number, RowEntry] | null {
    const { decoder, rows } = this.#options;
    const byAge = this.#chunksRun % OLDEST_FIRST_EVERY === OLDEST_FIRST_EVERY - 1;
    let best: readonly [number, RowEntry] | null = null;
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
