import { type EmbedReply, EmbedService, type InferenceCall, embedRestTask } from '@aerie/inference';
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

/** Texts that are embedded between two looks at progress and cancellation. */
const TEXTS_AT_ONCE = 16;

/** Runs embed jobs, some texts at a time. */
@Processor(queueNameOf('embed'), WORKER_OPTIONS)
export class EmbedProcessor extends JobProcessor {
  readonly #embeddings: EmbedService;

  constructor(
    @Inject(JOB_PROCESSOR_OPTIONS) options: JobProcessorOptions,
    @Inject(EmbedService) embeddings: EmbedService,
  ) {
    super('embed', options);
    this.#embeddings = embeddings;
  }

  override async run(job: RunningJob): Promise<JobOutcome> {
    const body = readBody(embedRestTask.dto, job.input);
    const { texts, truncate } = embedRestTask.toInput(body, NO_LIMITS);
    let call: InferenceCall = jobCall(job, body.model);
    const replies: EmbedReply[] = [];
    for (let from = 0; from < texts.length; from += TEXTS_AT_ONCE) {
      job.signal.throwIfAborted();
      const { reply } = await this.#embeddings.embed(texts.slice(from, from + TEXTS_AT_ONCE), truncate, call);
      replies.push(reply);
      // One model and version for all of it, whatever a traffic split would say next.
      call = { ...call, model: reply.model, version: reply.model_version };
      job.progress(Math.min(1, (from + TEXTS_AT_ONCE) / texts.length));
    }
    const result = merge(replies);
    return { result: embedRestTask.reply(result), model: result.model, version: result.model_version };
  }
}

function merge(replies: readonly EmbedReply[]): EmbedReply {
  const [first] = replies;
  if (first === undefined) throw new Error('An embed job had no texts. This is a bug.');
  const sum = (of: (reply: EmbedReply) => number) => replies.reduce((total, reply) => total + of(reply), 0);
  return {
    embeddings: replies.flatMap(({ embeddings }) => embeddings),
    dimensions: first.dimensions,
    model: first.model,
    model_version: first.model_version,
    usage: { tokens: sum(({ usage }) => usage.tokens) },
    inference_time_ms: Math.round(sum((reply) => reply.inference_time_ms) * 100) / 100,
  };
}
