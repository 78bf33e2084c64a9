import type { PositionLogprobs } from '../sampling/logprobs.js';
import { hasPenalties, TokenCounts } from '../sampling/penalties.js';
import type { ResolvedSampling } from '../sampling/sampling-params.js';
import type { ChosenTokenLogprob, FinishReason, TokenLogprob } from '../generation-request.js';
import { IncrementalDetokenizer } from '../text/incremental-detokenizer.js';
import { StopMatcher } from '../text/stop-matcher.js';
import type { TokenBytes } from '../text/token-bytes.js';

/** Properties that all choices of a request share. */
export interface SequenceOptions {
  readonly sampling: ResolvedSampling;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly eosIds: ReadonlySet<number>;
  readonly contextLength: number;
  readonly tokenBytes: TokenBytes;
}

/** The effect of accepting a token. */
export interface AcceptedToken {
  readonly text: string;
  readonly logprobs: readonly ChosenTokenLogprob[];
  /** Set when the sequence has ended. */
  readonly finishReason: FinishReason | null;
}

/** A token whose text has not been emitted yet. */
interface HeldToken {
  /** Start of its text, in characters of all text produced. */
  readonly start: number;
  readonly logprobs: PositionLogprobs;
}

/** One choice of a request: its tokens, and the text they make. */
export class Sequence {
  readonly index: number;
  readonly counts = new TokenCounts();
  /** Prompt and generated tokens. The last generated one is not in the cache yet. */
  readonly tokens: number[];
  readonly promptTokens: number;
  readonly #options: SequenceOptions;
  readonly #detokenizer: IncrementalDetokenizer;
  readonly #stop: StopMatcher;
  readonly #countsTokens: boolean;
  #held: HeldToken[] = [];
  /** Characters produced, and characters emitted. */
  #produced = 0;
  #given = 0;

  constructor(index: number, prompt: readonly number[], options: SequenceOptions) {
    this.index = index;
    this.tokens = [...prompt];
    this.promptTokens = prompt.length;
    this.#options = options;
    this.#detokenizer = new IncrementalDetokenizer(options.tokenBytes);
    this.#stop = new StopMatcher(options.stop);
    this.#countsTokens = hasPenalties(options.sampling);
    if (this.#countsTokens) this.counts.addPrompt(prompt);
  }

  /** Tokens generated so far. */
  get generated(): number {
    return this.tokens.length - this.promptTokens;
  }

  /** Takes the next token. */
  accept(token: number, logprobs?: PositionLogprobs): AcceptedToken {
    const { maxTokens, contextLength, eosIds } = this.#options;
    this.tokens.push(token);
    if (this.#countsTokens) this.counts.addGenerated(token);
    if (eosIds.has(token)) return { ...this.#release(this.#stop.flush(), true), finishReason: 'stop' };
    if (logprobs !== undefined) this.#held.push({ start: this.#produced, logprobs });
    const piece = this.#detokenizer.push(token);
    this.#produced += piece.length;
    const { text, stopped } = this.#stop.push(piece);
    if (stopped) return { ...this.#release(text, false), finishReason: 'stop' };
    if (this.generated >= maxTokens || this.tokens.length >= contextLength) {
      return { ...this.#release(text + this.#stop.flush(), true), finishReason: 'length' };
    }
    return { ...this.#release(text, false), finishReason: null };
  }

  /**
   * Emits text and the log probabilities of the tokens that begin in it. `all` also emits those of tokens
   * that have no text of their own; tokens of a stop string are dropped with it.
   */
  #release(text: string, all: boolean): Pick<AcceptedToken, 'text' | 'logprobs'> {
    this.#given += text.length;
    if (this.#held.length === 0) return { text, logprobs: [] };
    const count = all ? this.#held.length : this.#held.filter(({ start }) => start < this.#given).length;
    const released = this.#held.slice(0, count);
    this.#held = this.#held.slice(count);
    return { text, logprobs: released.map((held) => this.#describe(held.logprobs)) };
  }

  #describe({ id, logprob, top }: PositionLogprobs): ChosenTokenLogprob {
    return {
      ...this.#describeToken(id, logprob),
      top: top.map((entry) => this.#describeToken(entry.id, entry.logprob)),
    };
  }

  #describeToken(id: number, logprob: number): TokenLogprob {
    const { tokenBytes } = this.#options;
    return { token: tokenBytes.label(id), bytes: tokenBytes.rawBytes(id), logprob };
  }
}
