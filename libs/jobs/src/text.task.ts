import {
  type CompleteAnswer,
  type GenerateService,
  type GenerationRequest,
  chatReplyOf,
  generateReplyOf,
} from '@aerie/inference';
import type { JobOutcome, JobTask, RunningJob } from '@aerie/queue';
import type { z } from 'zod';
import { jobCall } from './job-call.js';
import { chatInput, generateInput } from './job-inputs.js';
import { readInput } from './read-input.js';

interface TextKind {
  readonly input: z.ZodType<object>;
  readonly reply: (answer: CompleteAnswer) => object;
}

const KINDS: Readonly<Record<'chat' | 'generate', TextKind>> = {
  chat: { input: chatInput, reply: chatReplyOf },
  generate: { input: generateInput, reply: generateReplyOf },
};

/** Runs jobs that have a language model write: chat or generate. A cancel ends the text where it is. */
export class TextTask implements JobTask {
  readonly task: keyof typeof KINDS;
  readonly concurrency: number;
  readonly #texts: Pick<GenerateService, 'complete'>;

  constructor(task: keyof typeof KINDS, texts: Pick<GenerateService, 'complete'>, concurrency: number) {
    this.task = task;
    this.#texts = texts;
    this.concurrency = concurrency;
  }

  async run(job: RunningJob): Promise<JobOutcome> {
    // JSON has no undefined: what is absent there is absent here.
    const request = readInput(KINDS[this.task].input, job.input) as GenerationRequest & {
      readonly maxTokens: number;
    };
    let pieces = 0;
    const answer: CompleteAnswer = await this.#texts.complete(request, jobCall(job), () => {
      // Of what it may become: most texts end before.
      job.progress(Math.min(1, ++pieces / request.maxTokens));
    });
    return { result: KINDS[this.task].reply(answer), model: answer.model, version: answer.version };
  }
}
