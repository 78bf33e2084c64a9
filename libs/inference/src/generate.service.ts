import type {
  ChosenTokenLogprob,
  FinishReason,
  GenerationRequest,
  LoadedTextModel,
  ServedTextStream,
  ModelRegistry,
  TextStream,
} from '@aerie/model-registry';
import type { CompleteAnswer, TextChoice } from '@aerie/tasks';
import type { InferenceCall } from './inference-call.js';
import { leaveAll, MergedStream } from './merged-stream.js';

/** One requested text, or several at once, whose choices follow each other. At least one. */
export type TextWork = GenerationRequest | readonly GenerationRequest[];

/** Time limits of every request for text. */
export interface GenerationLimits {
  /** Model of requests that name none; null: the default of the task. */
  readonly chatModel: string | null;
  readonly firstTokenTimeoutMs: number;
  readonly timeoutMs: number;
}

/** An answer that has begun or waits in the queue. */
export interface OpenAnswer {
  /** The requested model. From the first event on, the model that serves, which may be a fallback; likewise its version. */
  readonly model: string;
  readonly version: string;
  /** Its events, to be read once. A failure is thrown as an AerieError; leaving the loop early cancels the request. */
  readonly events: TextStream;
}

/** Text from language models, in this process or on upstreams. */
export class GenerateService {
  readonly #registry: Pick<ModelRegistry, 'use'>;
  readonly #limits: GenerationLimits;

  constructor(registry: Pick<ModelRegistry, 'use'>, limits: GenerationLimits) {
    this.#registry = registry;
    this.#limits = limits;
  }

  /**
   * Starts an answer and passes it to `consume`. The model stays loaded until `consume` is done. An answer that it leaves
   * unread is canceled.
   *
   * @throws AerieError MODEL_NOT_FOUND, MODEL_NOT_LOADED, OVERLOADED, INVALID_INPUT ...; the signal's reason; or
   *   the error of `consume`.
   */
  stream<R>(work: TextWork, call: InferenceCall, consume: (answer: OpenAnswer) => Promise<R>): Promise<R> {
    const { chatModel } = this.#limits;
    const selector = call.model === undefined && chatModel !== null ? { ...call, model: chatModel } : call;
    return this.#registry.use('text-generation', selector, call.signal, async (loaded) => {
      const events = await this.#start(loaded, work, call);
      try {
        return await consume(openAnswer(loaded, events));
      } finally {
        await events.return?.();
      }
    });
  }

  /**
   * The whole answer at once.
   *
   * @param onText called for every piece of text, for progress
   * @throws AerieError like {@link GenerateService.stream}, and the error of an incomplete answer.
   */
  complete(work: TextWork, call: InferenceCall, onText?: () => void): Promise<CompleteAnswer> {
    return this.stream(work, call, async (answer) => {
      const startedAt = performance.now();
      const { events } = answer;
      const choices = await gather(events, onText);
      const { model, version } = answer;
      const inferenceTimeMs = Math.round((performance.now() - startedAt) * 100) / 100;
      return { model, version, choices, usage: events.usage, inferenceTimeMs };
    });
  }

  async #start({ model }: LoadedTextModel, work: TextWork, call: InferenceCall): Promise<TextStream> {
    const { firstTokenTimeoutMs, timeoutMs } = this.#limits;
    const priority = call.priority === undefined ? {} : { priority: call.priority };
    const start = (request: GenerationRequest): TextStream =>
      model.generate({ firstTokenTimeoutMs, timeoutMs, ...priority, ...request }, call.signal);
    if (!isSeveral(work)) return start(work);
    const streams: TextStream[] = [];
    try {
      for (const request of work) streams.push(start(request));
    } catch (error) {
      // Refused half way, such as by a queue that is full now.
      await leaveAll(streams);
      throw error;
    }
    return new MergedStream(streams, work[0]?.n ?? 1);
  }
}

function isSeveral(work: TextWork): work is readonly GenerationRequest[] {
  return Array.isArray(work);
}

function openAnswer({ name, version }: LoadedTextModel, events: TextStream | ServedTextStream): OpenAnswer {
  const served = () => ('servedBy' in events ? events.servedBy : null);
  return {
    events,
    get model() {
      return served()?.name ?? name;
    },
    get version() {
      return served()?.version ?? version;
    },
  };
}

interface GrowingChoice {
  text: string;
  readonly logprobs: ChosenTokenLogprob[];
  finishReason: FinishReason | null;
}

async function gather(events: TextStream, onText?: () => void): Promise<readonly TextChoice[]> {
  const choices: GrowingChoice[] = [];
  let scored = false;
  for await (const event of events) {
    const choice = (choices[event.index] ??= { text: '', logprobs: [], finishReason: null });
    if (event.type === 'finish') {
      choice.finishReason = event.finishReason;
      continue;
    }
    choice.text += event.text;
    onText?.();
    if (event.logprobs === undefined) continue;
    scored = true;
    choice.logprobs.push(...event.logprobs);
  }
  return choices.map(({ text, logprobs, finishReason }, index) => {
    if (finishReason === null) throw new Error(`Choice ${index} ended without a reason. This is a bug.`);
    return { index, text, finishReason, logprobs: scored ? logprobs : null };
  });
}
