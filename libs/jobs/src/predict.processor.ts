import { PredictService, predictRestTask } from '@aerie/inference';
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
import { readBody } from './read-body.js';

/** Runs predict jobs. */
@Processor(queueNameOf('predict'), WORKER_OPTIONS)
export class PredictProcessor extends JobProcessor {
  readonly #predictions: PredictService;

  constructor(
    @Inject(JOB_PROCESSOR_OPTIONS) options: JobProcessorOptions,
    @Inject(PredictService) predictions: PredictService,
  ) {
    super('predict', options);
    this.#predictions = predictions;
  }

  override async run(job: RunningJob): Promise<JobOutcome> {
    const { source, topK } = predictRestTask.toInput(readBody(predictRestTask.dto, job.input));
    const { reply, servedBy } = await this.#predictions.predict(source, topK, jobCall(job));
    return { result: predictRestTask.reply(reply), model: servedBy.model, version: servedBy.version };
  }
}
