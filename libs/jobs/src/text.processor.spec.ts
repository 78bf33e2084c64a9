import type { CompleteAnswer, GenerateService } from '@aerie/inference';
import type { JobProcessorOptions, RunningJob } from '@aerie/queue';
import { describe, expect, it } from '@jest/globals';
import { ChatProcessor, GenerateProcessor } from './text.processor.js';

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
  const Processor = { chat: ChatProcessor, generate: GenerateProcessor }[task];
  const outcome = new Processor({} as JobProcessorOptions, texts).run({
    head,
    input,
    signal,
    progress: (fraction) => progress.push(fraction),
  });
  return { outcome, progress, asked };
}

describe('the processors of text', () => {
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
