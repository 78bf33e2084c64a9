import type { PredictService } from '@aerie/inference';
import type { JobOutcome, JobTask, RunningJob } from '@aerie/queue';
import { jobCall } from './job-call.js';
import { predictInput } from './job-inputs.js';
import { readInput } from './read-input.js';

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
    const input = readInput(predictInput, job.input);
    const { reply, servedBy } = await this.#predictions.predict(
      { kind: 'url', url: input.image_url },
      input.top_k,
      jobCall(job),
    );
    return { result: reply, model: servedBy.model, version: servedBy.version };
  }
}
