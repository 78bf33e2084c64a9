import type { GenerationEvent, GenerationUsage, TextStream } from '@aerie/generation';
import { PushStream, type PushStreamOptions } from '@aerie/runtime';
import type { AnswerAssembler } from './answer-assembler.js';

/** The events of an upstream's answer, fetched as they are read. */
export class AnswerStream extends PushStream<GenerationEvent> implements TextStream {
  readonly #answer: AnswerAssembler;

  constructor(answer: AnswerAssembler, options: PushStreamOptions<GenerationEvent>) {
    super(options);
    this.#answer = answer;
  }

  get usage(): GenerationUsage {
    return this.#answer.usage;
  }
}
