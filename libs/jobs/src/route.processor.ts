import { AerieError } from '@aerie/contracts';
import { namedModel, readDto } from '@aerie/fields';
import {
  type AnyBatchRoute,
  BATCH_ROUTES,
  type BodyLimits,
  GenerateService,
  type InferenceCall,
  InferenceService,
  type RestRoute,
  TEXT_ROUTES,
  type TextRoute,
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
import { Inject, type Type } from '@nestjs/common';
import { JOB_PROCESSOR_OPTIONS } from './processor-options.js';

/** Limits held when the job was submitted. */
const NO_LIMITS: BodyLimits = { maxTexts: Infinity };

/** Behind those who wait for their answer. */
const JOB_PRIORITY = -1;

/** Items that run between two looks at progress and cancellation. */
const ITEMS_AT_ONCE = 16;

/** Runs a job for models that run batch by batch, some items at a time. */
export async function runBatchJob(
  route: AnyBatchRoute,
  inference: Pick<InferenceService, 'run'>,
  job: RunningJob,
): Promise<JobOutcome> {
  const { input, model } = readInput(route, job.input);
  const { reply, servedBy } = await inference.run(route, input, jobCall(job, model), {
    itemsAtOnce: ITEMS_AT_ONCE,
    onProgress: (fraction) => {
      job.progress(fraction);
    },
  });
  return { result: reply, model: servedBy.model, version: servedBy.version };
}

/** Runs a job for which a language model writes. A cancel ends the text where it is. */
export async function runTextJob(
  route: TextRoute,
  texts: Pick<GenerateService, 'complete'>,
  job: RunningJob,
): Promise<JobOutcome> {
  const { input, model } = readInput(route, job.input);
  let pieces = 0;
  const answer = await texts.complete(input, jobCall(job, model), () => {
    // Of the longest text that it may become: most texts end before.
    job.progress(Math.min(1, ++pieces / (input.maxTokens ?? Infinity)));
  });
  return { result: route.toReply(answer), model: answer.model, version: answer.version };
}

/** A processor for each route. */
export const JOB_PROCESSORS: readonly Type<JobProcessor>[] = [
  ...BATCH_ROUTES.map((route) =>
    processorOf(route.name, InferenceService, (inference, job) => runBatchJob(route, inference, job)),
  ),
  ...TEXT_ROUTES.map((route) =>
    processorOf(route.name, GenerateService, (texts, job) => runTextJob(route, texts, job)),
  ),
];

function processorOf<Service extends object>(
  task: string,
  useCase: abstract new (...parts: never) => Service,
  run: (service: Service, job: RunningJob) => Promise<JobOutcome>,
): Type<JobProcessor> {
  @Processor(queueNameOf(task), WORKER_OPTIONS)
  class RouteProcessor extends JobProcessor {
    constructor(
      @Inject(JOB_PROCESSOR_OPTIONS) options: JobProcessorOptions,
      @Inject(useCase) private readonly service: Service,
    ) {
      super(task, options);
    }

    override run(job: RunningJob): Promise<JobOutcome> {
      return run(this.service, job);
    }
  }
  return RouteProcessor;
}

/**
 * Reads the stored body of a job: its input and its model. The same class validated it at submission.
 *
 * @throws AerieError INVALID_INPUT, which is not retried, if another version of the server wrote it
 */
function readInput<Input>(
  route: Pick<RestRoute<string, object, Input>, 'dto' | 'toInput'>,
  stored: unknown,
): { readonly input: Input; readonly model: string | undefined } {
  const body = readBody(route.dto, stored);
  return { input: route.toInput(body, NO_LIMITS), model: namedModel(body) };
}

function readBody(dto: new () => object, stored: unknown): object {
  try {
    return readDto(dto, stored);
  } catch (error) {
    throw new AerieError(
      'INVALID_INPUT',
      'The stored input is not one that this version of the server can run.',
      { cause: error },
    );
  }
}

/**
 * How a use case is called for a job.
 *
 * @param ownModel the model that the body names: of an item of a batch, it goes before the model of the batch
 */
function jobCall({ head, signal }: RunningJob, ownModel?: string): InferenceCall {
  const model = ownModel ?? head.model;
  return {
    signal,
    stickyKey: head.stickyKey,
    priority: JOB_PRIORITY,
    ...(model === null ? {} : { model }),
    ...(head.modelVersion === null ? {} : { version: head.modelVersion }),
  };
}
