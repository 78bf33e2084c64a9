import {
  type CompleteAnswer,
  type GenerateService,
  type GenerationRequest,
  REST_TASKS,
  type RestTask,
} from '@aerie/inference';
import type { JobOutcome, JobTask, RunningJob } from '@aerie/queue';
import { jobCall } from './job-call.js';
import { NO_LIMITS, readBody } from './read-body.js';

/** What the bodies of both have in common. */
interface TextBody {
  readonly model?: string;
}

/** Runs jobs that have a language model write: chat or generate. A cancel ends the text where it is. */
export class TextTask implements JobTask {
  readonly task: 'chat' | 'generate';
  readonly concurrency: number;
  readonly #texts: Pick<GenerateService, 'complete'>;

  constructor(task: 'chat' | 'generate', texts: Pick<GenerateService, 'complete'>, concurrency: number) {
    this.task = task;
    this.#texts = texts;
    this.concurrency = concurrency;
  }

  async run(job: RunningJob): Promise<JobOutcome> {
    const rest: RestTask<TextBody, GenerationRequest, CompleteAnswer> = REST_TASKS[this.task];
    const body = readBody(rest.dto, job.input);
    const request = rest.toInput(body, NO_LIMITS);
    let pieces = 0;
    const answer = await this.#texts.complete(request, jobCall(job, body.model), () => {
      // Of what it may become: most texts end before.
      job.progress(Math.min(1, ++pieces / (request.maxTokens ?? Infinity)));
    });
    return { result: rest.reply(answer), model: answer.model, version: answer.version };
  }
}
