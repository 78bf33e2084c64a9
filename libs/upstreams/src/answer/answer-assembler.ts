import { AerieError } from '@aerie/contracts';
import type { FinishReason, GenerationEvent, GenerationUsage } from '@aerie/generation';
import type { ChoicePiece, ReportedUsage } from './completion-chunk.js';

/** Usage of an answer whose upstream reports none: a piece of text is not a token. */
const UNREPORTED: GenerationUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  // No tools are ever offered. An answer that calls one anyway is complete.
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
  #usage: GenerationUsage = UNREPORTED;
  /** Tokens reported with events so far, for all choices together. */
  #toldTokens = 0;
  /** The last choice to finish. Its event waits for the usage, which follows it. */
  #lastFinish: { readonly index: number; readonly finishReason: FinishReason } | null = null;

  /** @param n number of requested choices. */
  constructor(name: string, n: number) {
    this.#name = name;
    this.#choices = Array.from({ length: n }, () => ({ heldHalf: '', isFinished: false }));
    this.#unfinished = n;
  }

  get usage(): GenerationUsage {
    return this.#usage;
  }

  /** @throws AerieError if the upstream sent something that is not part of an answer, or did not complete it. */
  *take(pieces: readonly ChoicePiece[], usage: ReportedUsage | null): Generator<GenerationEvent, undefined> {
    if (usage !== null) this.#usage = usage;
    for (const piece of pieces) yield* this.#takePiece(piece);
  }

  /**
   * The upstream's stream has ended.
   *
   * @throws AerieError UPSTREAM_ERROR when the answer is not complete.
   */
  end(): GenerationEvent {
    if (this.#unfinished > 0 || this.#lastFinish === null) {
      throw new AerieError(
        'UPSTREAM_ERROR',
        `the upstream of ${this.#name} broke off before its answer was complete`,
      );
    }
    return { type: 'finish', ...this.#lastFinish, usage: this.#usage };
  }

  *#takePiece({ index, text, logprobs, finishReason }: ChoicePiece): Generator<GenerationEvent, undefined> {
    const choice = this.#choices[index];
    if (choice === undefined) {
      throw new AerieError(
        'UPSTREAM_ERROR',
        `the upstream of ${this.#name} sent an answer that was not requested`,
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

  /** From the log probabilities, or from usage that the upstream reports with each piece; otherwise 0. */
  #newTokens(told: number | undefined): number {
    const tokens = told ?? Math.max(0, this.#usage.completionTokens - this.#toldTokens);
    this.#toldTokens += tokens;
    return tokens;
  }

  #toFinishReason(reason: string): FinishReason {
    const known = FINISH_REASONS.get(reason);
    if (known !== undefined) return known;
    // A filtered answer is not complete, and it is the caller's decision whether to ask again or elsewhere.
    if (reason === 'content_filter') {
      throw new AerieError(
        'INVALID_INPUT',
        `the content filter of the upstream of ${this.#name} ended the answer`,
      );
    }
    throw new AerieError('UPSTREAM_ERROR', `the upstream of ${this.#name} gave up its answer`);
  }
}

/** The text without half a character at its end, which is kept for the next piece. */
function takeWhole(choice: Choice, text: string, isLast: boolean): string {
  const all = choice.heldHalf + text;
  const last = all.charCodeAt(all.length - 1);
  const isHalf = !isLast && last >= 0xd800 && last <= 0xdbff;
  choice.heldHalf = isHalf ? all.slice(-1) : '';
  return wellFormed(isHalf ? all.slice(0, -1) : all);
}

/** Replaces unpaired surrogates, which cannot be encoded, with U+FFFD. */
function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? text.replace(/\p{Surrogate}/gu, '\ufffd') : text;
}
