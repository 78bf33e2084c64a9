import { type PredictService, predictRestTask } from '@aerie/inference';
import type { JobOutcome, JobTask, RunningJob } from '@aerie/queue';
import { jobCall } from './job-call.js';
import { readBody } from './read-body.js';

/** Runs predict jobs. */
export class PredictTask implements JobTask {
  readonly task = 'predict';
  readonly concurrency: number;
  readonly #predictions: PredictService;

  constructor(predictions: PredictService, concurrency: number) {
    this.#predictions = predictions;
    this.concurrency = concurrency;
  }

  async run(job: RunningJob): Promise<JobOutcome> {
    const { source, topK } = predictRestTask.toInput(readBody(predictRestTask.dto, job.input));
    const { reply, servedBy } = await this.#predictions.predict(source, topK, jobCall(job));
    return { result: predictRestTask.reply(reply), model: servedBy.model, version: servedBy.version };
  }
}
