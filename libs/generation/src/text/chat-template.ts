import { AerieError } from '@aerie/contracts';
import { Template } from '@huggingface/jinja';

/** One turn of a conversation. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, or whatever else the model's template knows. */
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
  readonly #template: Template;
  readonly #tokens: TemplateTokens;

  constructor(source: string, tokens: TemplateTokens) {
    this.#template = new Template(source);
    this.#tokens = tokens;
  }

  /**
   * The conversation as the model expects it, up to where its answer begins.
   *
   * @throws AerieError INVALID_INPUT when the template refuses the conversation, for instance its order of roles.
   */
  render(messages: readonly ChatMessage[]): string {
    try {
      return this.#template.render({
        messages,
        add_generation_prompt: true,
        bos_token: this.#tokens.bosToken,
        eos_token: this.#tokens.eosToken,
      });
    } catch (error) {
      throw new AerieError(
        'INVALID_INPUT',
        `the model's chat template refuses these messages: ${reasonOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
