import {
  type CompleteAnswer,
  GenerateService,
  type GenerationRequest,
  REST_TASKS,
  type RestTask,
} from '@aerie/inference';
import {
  type JobOutcome,
  JobProcessor,
  type JobProcessorOptions,
  type RunningJob,
  WORKER_OPTIONS,
  queueNameOf,
} from '@aerie/queue';
import { Processor } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import { jobCall } from './job-call.js';
import { JOB_PROCESSOR_OPTIONS } from './processor-options.js';
import { NO_LIMITS, readBody } from './read-body.js';

/** What the bodies of both have in common. */
interface TextBody {
  readonly model?: string;
}

/** Runs jobs for which a language model writes. A cancel ends the text where it is. */
abstract class TextProcessor extends JobProcessor {
  readonly #rest: RestTask<TextBody, GenerationRequest, CompleteAnswer>;
  readonly #texts: Pick<GenerateService, 'complete'>;

  constructor(
    task: 'chat' | 'generate',
    options: JobProcessorOptions,
    texts: Pick<GenerateService, 'complete'>,
  ) {
    super(task, options);
    this.#rest = REST_TASKS[task];
    this.#texts = texts;
  }

  override async run(job: RunningJob): Promise<JobOutcome> {
    const body = readBody(this.#rest.dto, job.input);
    const request = this.#rest.toInput(body, NO_LIMITS);
    let pieces = 0;
    const answer = await this.#texts.complete(request, jobCall(job, body.model), () => {
      // Of the longest text that it may become: most texts end before.
      job.progress(Math.min(1, ++pieces / (request.maxTokens ?? Infinity)));
    });
    return { result: this.#rest.reply(answer), model: answer.model, version: answer.version };
  }
}

/** Runs generate jobs. */
@Processor(queueNameOf('generate'), WORKER_OPTIONS)
export class GenerateProcessor extends TextProcessor {
  constructor(
    @Inject(JOB_PROCESSOR_OPTIONS) options: JobProcessorOptions,
    @Inject(GenerateService) texts: Pick<GenerateService, 'complete'>,
  ) {
    super('generate', options, texts);
  }
}

/** Runs chat jobs. */
@Processor(queueNameOf('chat'), WORKER_OPTIONS)
export class ChatProcessor extends TextProcessor {
  constructor(
    @Inject(JOB_PROCESSOR_OPTIONS) options: JobProcessorOptions,
    @Inject(GenerateService) texts: Pick<GenerateService, 'complete'>,
  ) {
    super('chat', options, texts);
  }
}
