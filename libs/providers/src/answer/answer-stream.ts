import type { GenerationEvent, TextStream } from '@aerie/generation';
import { PushStream, type PushStreamOptions } from '@aerie/runtime';
import type { AnswerAssembler, ProviderUsage } from './answer-assembler.js';

/** The events of an answer of another server, fetched as they are read. */
export class AnswerStream extends PushStream<GenerationEvent> implements TextStream {
  readonly #answer: AnswerAssembler;

  constructor(answer: AnswerAssembler, options: PushStreamOptions<GenerationEvent>) {
    super(options);
    this.#answer = answer;
  }

  get usage(): ProviderUsage {
    return this.#answer.usage;
  }
}
