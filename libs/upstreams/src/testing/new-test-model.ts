import type { AerieError } from '@aerie/contracts';
import type { GenerationEvent, GenerationRequest, TextStream } from '@aerie/generation';
import { FakeClock, MemoryLogger } from '@aerie/test-support';
import { OpenAiModel } from '../openai-model.js';
import type { UpstreamOptions } from '../upstream-options.js';
import { StandInUpstream } from './stand-in-upstream.js';

export const API_KEY = 'sk-verysecret-0123456789';

export const CHAT: GenerationRequest = { kind: 'chat', messages: [{ role: 'user', content: 'Hi' }] };

/** A model on a stand-in upstream, and its dependencies. */
export async function newTestModel(options: Partial<UpstreamOptions> = {}) {
  const upstream = await new StandInUpstream().start();
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const sut = new OpenAiModel(
    {
      name: 'remote',
      baseUrl: upstream.baseUrl,
      apiKey: API_KEY,
      upstreamModel: 'their-model',
      firstTokenTimeoutMs: 30_000,
      idleTimeoutMs: 20_000,
      ...options,
    },
    { logger, clock, random: () => 0 },
  );
  const close = async (): Promise<void> => {
    await sut.close();
    await upstream.close();
  };
  return { sut, upstream, clock, logger, close };
}

/** All events of a stream. */
export async function collect(stream: TextStream): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** The text of a stream's events, and the error it ended with. */
export async function outcomeOf(stream: TextStream): Promise<{ text: string; error: AerieError | null }> {
  let text = '';
  try {
    for await (const event of stream) if (event.type === 'text') text += event.text;
    return { text, error: null };
  } catch (error) {
    return { text, error: error as AerieError };
  }
}
