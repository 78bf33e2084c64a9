import { AerieError } from '@aerie/contracts';
import type { ChatMessage, ChatTemplate } from './chat-template.js';
import { ControlGuard } from './control-guard.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';

/** The text or conversation that a request continues. */
export type Prompt =
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] }
  | { readonly kind: 'text'; readonly prompt: string };

/** A control token of the tokenizer. */
interface AddedToken {
  readonly id: number;
  readonly content: string;
}

/** Options for a {@link PromptEncoder}. */
export interface PromptEncoderOptions {
  /** Parsed tokenizer.json. */
  readonly tokenizerFile: object & { readonly added_tokens?: readonly AddedToken[] };
  /** Parsed tokenizer_config.json, or an empty object. */
  readonly tokenizerConfig: object;
  /** Null if the model has none: chats are then refused. */
  readonly chatTemplate: ChatTemplate | null;
  /** Maximum number of tokens of a prompt, with room for one more. */
  readonly contextLength: number;
  /** Starts a text prompt that would otherwise have no tokens. */
  readonly bosId: number | null;
}

/** Characters tokenized at a time if a text is probably too long for the context. */
const COUNT_SLICE = 4096;
/** Texts up to this many characters per token of context are tokenized in one go. */
const CHARACTERS_PER_TOKEN = 8;

/**
 * Encodes prompts as token ids. Control tokens come only from the chat template: a caller's text is tokenized
 * as plain text, by a tokenizer that knows no added tokens.
 */
export class PromptEncoder {
  readonly #plain: Tokenizer;
  readonly #controls: ReadonlyMap<string, number>;
  readonly #controlPattern: RegExp | null;
  readonly #chatTemplate: ChatTemplate | null;
  readonly #contextLength: number;
  readonly #bosId: number | null;

  constructor(options: PromptEncoderOptions) {
    const added = options.tokenizerFile.added_tokens ?? [];
    this.#plain = createTokenizer({ ...options.tokenizerFile, added_tokens: [] }, options.tokenizerConfig);
    this.#controls = new Map(added.map(({ content, id }) => [content, id]));
    this.#controlPattern = controlPattern(added.map(({ content }) => content));
    this.#chatTemplate = options.chatTemplate;
    this.#contextLength = options.contextLength;
    this.#bosId = options.bosId;
  }

  /**
   * Token ids of the prompt.
   *
   * @throws AerieError CONTEXT_LENGTH_EXCEEDED if it leaves no room for an answer; INVALID_INPUT if the
   *   model has no chat template, or its template refuses the messages.
   */
  encode(prompt: Prompt): number[] {
    const ids = prompt.kind === 'text' ? this.#encodeText(prompt.prompt) : this.#encodeChat(prompt.messages);
    if (ids.length === 0)
      throw new AerieError('INVALID_INPUT', 'the prompt is empty: expected at least one token');
    if (ids.length >= this.#contextLength) throw this.#tooLong(String(ids.length));
    return ids;
  }

  #encodeText(text: string): number[] {
    this.#refuseHopeless(text);
    const { ids } = this.#plain.encode(text, { add_special_tokens: true });
    return ids.length === 0 && this.#bosId !== null ? [this.#bosId] : ids;
  }

  #encodeChat(messages: readonly ChatMessage[]): number[] {
    if (this.#chatTemplate === null) {
      throw new AerieError(
        'INVALID_INPUT',
        'this model has no chat template: send a text prompt instead of messages',
      );
    }
    this.#refuseHopeless(messages.map(({ content }) => content).join('\n'));
    const guard = new ControlGuard([...this.#controls.keys()]);
    const guarded = messages.map(({ role, content }) => ({
      role: guard.guard(role),
      content: guard.guard(content),
    }));
    const rendered = this.#chatTemplate.render(guarded);
    this.#refuseHopeless(rendered);
    const sections = this.#controlPattern === null ? [rendered] : rendered.split(this.#controlPattern);
    return sections.flatMap((section) => {
      const control = this.#controls.get(section);
      if (control !== undefined) return [control];
      return section === ''
        ? []
        : this.#plain.encode(guard.reveal(section), { add_special_tokens: false }).ids;
    });
  }

  /** Refuses a text that is far too long without tokenizing all of it, because streams wait while this thread tokenizes. */
  #refuseHopeless(text: string): void {
    if (text.length <= this.#contextLength * CHARACTERS_PER_TOKEN) return;
    let count = 0;
    for (let from = 0; from < text.length; from += COUNT_SLICE) {
      count += this.#plain.encode(text.slice(from, from + COUNT_SLICE), { add_special_tokens: false }).ids
        .length;
      if (count >= this.#contextLength * 1.25) throw this.#tooLong(`more than ${String(count)}`);
    }
  }

  #tooLong(tokens: string): AerieError {
    return new AerieError(
      'CONTEXT_LENGTH_EXCEEDED',
      `the prompt has ${tokens} tokens and leaves no room for an answer: the model's context is ` +
        `${String(this.#contextLength)} tokens; shorten the messages`,
    );
  }
}

/** Matches any control token, longer ones first, and keeps them when splitting. */
function controlPattern(controls: readonly string[]): RegExp | null {
  if (controls.length === 0) return null;
  const alternatives = [...controls]
    .sort((a, b) => b.length - a.length)
    .map((control) => control.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(${alternatives.join('|')})`);
}
