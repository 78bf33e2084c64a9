import { AerieError } from '@aerie/contracts';
import {
  BoundedInterpreter,
  parseTemplate,
  TemplateBoundError,
  type TemplateNode,
} from './bounded-interpreter.js';

/** One turn of a conversation. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, or another role that the model's template supports. */
  readonly role: string;
  readonly content: string;
}

/** Texts of the tokens that templates refer to by name. */
export interface TemplateTokens {
  readonly bosToken: string;
  readonly eosToken: string;
}

/** A model's chat template, in Hugging Face's dialect of Jinja. */
export class ChatTemplate {
  readonly #program: TemplateNode;
  readonly #tokens: TemplateTokens;

  constructor(source: string, tokens: TemplateTokens) {
    this.#program = parseTemplate(source);
    this.#tokens = tokens;
  }

  /**
   * Renders the conversation for the model, up to the beginning of its answer.
   *
   * @throws AerieError INVALID_INPUT when the template refuses the conversation, for instance its order of roles; INTERNAL when
   *   the template exceeds the bounds of a rendering.
   */
  render(messages: readonly ChatMessage[]): string {
    const { bosToken, eosToken } = this.#tokens;
    const interpreter = new BoundedInterpreter({
      messages,
      add_generation_prompt: true,
      bos_token: bosToken,
      eos_token: eosToken,
    });
    try {
      return interpreter.run(this.#program).value as string;
    } catch (error) {
      const isTooLarge = error instanceof TemplateBoundError;
      throw new AerieError(
        isTooLarge ? 'INTERNAL' : 'INVALID_INPUT',
        isTooLarge
          ? `The model's chat template cannot be rendered: ${error.message}`
          : `The model's chat template refuses these messages: ${reasonOf(error)}`,
        { cause: error },
      );
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
