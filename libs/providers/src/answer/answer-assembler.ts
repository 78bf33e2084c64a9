import { AerieError } from '@aerie/contracts';
import type { FinishReason, GenerationEvent, GenerationUsage } from '@aerie/generation';
import type { ChoicePiece, ReportedUsage } from './completion-chunk.js';

/** Tokens used by an answer of an upstream. */
export interface ProviderUsage extends GenerationUsage {
  /** Whether the upstream has counted. If not, every number is 0, for pieces of text are no tokens. */
  readonly reported: boolean;
}

const UNREPORTED: ProviderUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reported: false };

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  // No tools are ever offered; whoever calls one nevertheless has said all it had to say.
  ['tool_calls', 'stop'],
  ['function_call', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
]);

interface Choice {
  /** First half of a character outside the basic plane whose second half is to come. */
  heldHalf: string;
  isFinished: boolean;
}

/** Converts an upstream's chunks to the events of one answer. */
export class AnswerAssembler {
  readonly #name: string;
  readonly #choices: readonly Choice[];
  #unfinished: number;
  #usage: ProviderUsage = UNREPORTED;
  /** Tokens reported with events so far, for all choices together. */
  #toldTokens = 0;
  /** Of the last choice: it waits for the usage, which comes after it. */
  #lastFinish: { readonly index: number; readonly finishReason: FinishReason } | null = null;

  /** @param n number of requested choices. */
  constructor(name: string, n: number) {
    this.#name = name;
    this.#choices = Array.from({ length: n }, () => ({ heldHalf: '', isFinished: false }));
    this.#unfinished = n;
  }

  get usage(): ProviderUsage {
    return this.#usage;
  }

  /** @throws AerieError when the upstream says something that no answer consists of, or was kept from answering. */
  *take(pieces: readonly ChoicePiece[], usage: ReportedUsage | null): Generator<GenerationEvent, undefined> {
    if (usage !== null) this.#usage = { ...usage, reported: true };
    for (const piece of pieces) yield* this.#takePiece(piece);
  }

  /**
   * The upstream sends no more.
   *
   * @throws AerieError UPSTREAM_ERROR when the answer is not complete.
   */
  end(): GenerationEvent {
    if (this.#unfinished > 0 || this.#lastFinish === null) {
      throw new AerieError(
        'UPSTREAM_ERROR',
        `the provider of ${this.#name} broke off before its answer was complete`,
      );
    }
    return { type: 'finish', ...this.#lastFinish, usage: this.#usage };
  }

  *#takePiece({ index, text, logprobs, finishReason }: ChoicePiece): Generator<GenerationEvent, undefined> {
    const choice = this.#choices[index];
    if (choice === undefined) {
      throw new AerieError(
        'UPSTREAM_ERROR',
        `the provider of ${this.#name} sent an answer that was not requested`,
      );
    }
    if (choice.isFinished) return;
    const whole = takeWhole(choice, text, finishReason !== null);
    if (whole !== '' || (logprobs !== null && logprobs.length > 0)) {
      const tokens = this.#newTokens(logprobs?.length);
      yield { type: 'text', index, text: whole, tokens, ...(logprobs === null ? {} : { logprobs }) };
    }
    if (finishReason === null) return;
    const finish = { index, finishReason: this.#toFinishReason(finishReason) };
    choice.isFinished = true;
    this.#unfinished--;
    if (this.#unfinished === 0) this.#lastFinish = finish;
    else yield { type: 'finish', ...finish, usage: this.#usage };
  }

  /** Known from the log probabilities, or from an upstream that counts as it goes; else nothing is claimed. */
  #newTokens(told: number | undefined): number {
    const tokens = told ?? Math.max(0, this.#usage.completionTokens - this.#toldTokens);
    this.#toldTokens += tokens;
    return tokens;
  }

  #toFinishReason(reason: string): FinishReason {
    const known = FINISH_REASONS.get(reason);
    if (known !== undefined) return known;
    // A filtered answer is no complete one, and asking again or elsewhere is not for this server to decide.
    if (reason === 'content_filter') {
      throw new AerieError(
        'INVALID_INPUT',
        `the content filter of the provider of ${this.#name} ended the answer`,
      );
    }
    throw new AerieError('UPSTREAM_ERROR', `the provider of ${this.#name} gave up its answer`);
  }
}

/** The text so far without a half character at its end, which is kept for the next piece. */
function takeWhole(choice: Choice, text: string, isLast: boolean): string {
  const all = choice.heldHalf + text;
  const last = all.charCodeAt(all.length - 1);
  const isHalf = !isLast && last >= 0xd800 && last <= 0xdbff;
  choice.heldHalf = isHalf ? all.slice(-1) : '';
  return wellFormed(isHalf ? all.slice(0, -1) : all);
}

/** With U+FFFD for half characters that found no other half, as they cannot be encoded. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replace(/\p{Surrogate}/gu, '\ufffd') : text;
}
