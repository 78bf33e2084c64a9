import {
  type AnyBatchRoute,
  BATCH_ROUTES,
  type CompleteAnswer,
  type GenerateService,
  type InferenceService,
  ROUTE_NAMES,
  chatRoute,
  generateRoute,
} from '@aerie/inference';
import { type RunningJob, queueNameOf } from '@aerie/queue';
import { describe, expect, it } from '@jest/globals';
import { JOB_PROCESSORS, runBatchJob, runTextJob } from './route.processor.js';

const ANSWER: CompleteAnswer = {
  model: 'm',
  version: '2',
  choices: [{ index: 0, text: ' Paris', finishReason: 'stop', logprobs: null }],
  usage: { promptTokens: 5, completionTokens: 2, cachedTokens: 1 },
  inferenceTimeMs: 7,
};
const head = { stickyKey: 's', model: null, modelVersion: null } as RunningJob['head'];

function run(task: 'chat' | 'generate', input: unknown) {
  const progress: number[] = [];
  const asked: unknown[] = [];
  const texts: Pick<GenerateService, 'complete'> = {
    complete: (request, call, onText) => {
      asked.push(request, call.priority);
      onText?.();
      onText?.();
      return Promise.resolve(ANSWER);
    },
  };
  const { signal } = new AbortController();
  const outcome = runTextJob({ chat: chatRoute, generate: generateRoute }[task], texts, {
    head,
    input,
    signal,
    progress: (fraction) => progress.push(fraction),
  });
  return { outcome, progress, asked };
}

describe('a job for a language model', () => {
  it('gives the reply of its route, with progress by what may come, behind those who wait', async () => {
    const input = { prompt: 'The capital', max_tokens: 4, temperature: 0 };
    const { outcome, progress, asked } = run('generate', input);
    expect(await outcome).toEqual({
      result: {
        text: ' Paris',
        finish_reason: 'stop',
        model: 'm',
        model_version: '2',
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cached_tokens: 1 },
        inference_time_ms: 7,
      },
      model: 'm',
      version: '2',
    });
    expect(progress).toEqual([0.25, 0.5]);
    expect(asked).toEqual([{ kind: 'text', prompt: 'The capital', maxTokens: 4, temperature: 0 }, -1]);
  });

  it('gives chat its own reply', async () => {
    const input = { message: 'hi', max_tokens: 4 };
    expect((await run('chat', input).outcome).result).toMatchObject({ content: ' Paris' });
  });

  it('refuses what it cannot read for good', async () => {
    await expect(run('chat', { prompt: 'x', max_tokens: 4 }).outcome).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
    });
  });
});

describe('a job for a model that runs in batches', () => {
  const servedBy = { model: 'mini', version: '3', stats: {} };

  function runBatch(route: AnyBatchRoute, input: unknown, model: string | null = null) {
    const progress: number[] = [];
    const asked: unknown[] = [];
    const run = (
      _route: unknown,
      given: unknown,
      call: object,
      options: { onProgress?: (part: number) => void },
    ) => {
      asked.push(given, call);
      options.onProgress?.(0.5);
      return Promise.resolve({ reply: { vectors: 1 }, servedBy });
    };
    const { signal } = new AbortController();
    const outcome = runBatchJob(route, { run } as unknown as Pick<InferenceService, 'run'>, {
      head: { ...head, model },
      input,
      signal,
      progress: (fraction) => progress.push(fraction),
    });
    return { outcome, progress, asked, signal };
  }

  const embedRoute = BATCH_ROUTES.find(({ name }) => name === 'embed') as AnyBatchRoute;

  it('gives the reply of its route, with progress, behind those who wait', async () => {
    const { outcome, progress, asked, signal } = runBatch(embedRoute, { text: ['a', 'b'] });
    await expect(outcome).resolves.toEqual({ result: { vectors: 1 }, model: 'mini', version: '3' });
    expect(progress).toEqual([0.5]);
    expect(asked).toEqual([
      { texts: ['a', 'b'], truncate: false },
      { signal, stickyKey: 's', priority: -1 },
    ]);
  });

  it('runs with the model that its body names, before that of its batch', () => {
    expect(runBatch(embedRoute, { text: 'a', model: 'own' }, 'of the batch').asked[1]).toMatchObject({
      model: 'own',
    });
    expect(runBatch(embedRoute, { text: 'a' }, 'of the batch').asked[1]).toMatchObject({
      model: 'of the batch',
    });
  });

  it('refuses what it cannot read for good', async () => {
    await expect(runBatch(embedRoute, { prompt: 'x' }).outcome).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      retryable: false,
    });
  });
});

it('every route has a processor, which takes jobs from its queue', () => {
  const queues = JOB_PROCESSORS.map(
    (processor) => (Reflect.getMetadata('bullmq:processor_metadata', processor) as { name: string }).name,
  );
  expect(queues).toEqual(ROUTE_NAMES.map(queueNameOf));
});
