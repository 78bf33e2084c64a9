import type { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationUsage } from '@aerie/inference';

/** The answering model, for formats that report it. */
export interface AnswerOrigin {
  readonly model: string;
  readonly version: string;
}

/** Writes an answer as server-sent events. All strings are whole frames, each with its blank line. */
export interface AnswerFormat {
  /** Before the first piece of text. */
  begin(): readonly string[];
  event(event: GenerationEvent): readonly string[];
  /** After every choice has finished. */
  end(usage: GenerationUsage): readonly string[];
  /** Instead of the end. */
  fail(error: AerieError): readonly string[];
}

/** Creates the format of one answer. */
export type AnswerFormatFactory = (origin: AnswerOrigin) => AnswerFormat;
