import { AerieError } from '@aerie/contracts';
import type { GenerationRequest } from '@aerie/generation';
import type { ResolvedProviderOptions } from '../provider-options.js';

/** A request as OpenAI's API takes it. */
export interface OpenAiRequest {
  /** Below the base URL. */
  readonly path: '/chat/completions' | '/completions';
  readonly body: Readonly<Record<string, unknown>>;
}

type Target = Pick<
  ResolvedProviderOptions,
  'name' | 'upstreamModel' | 'extensions' | 'maxTokensField' | 'textPrompts'
>;

/**
 * Puts a request into OpenAI's words. `priority` is for queues of this process and says nothing to an upstream.
 *
 * @throws AerieError UNSUPPORTED_PARAMETER for what the upstream does not know: nothing is ignored silently.
 */
export function toOpenAiRequest(request: GenerationRequest, target: Target): OpenAiRequest {
  const common = {
    model: target.upstreamModel,
    stream: true,
    stream_options: streamOptions(request, target),
    temperature: request.temperature,
    top_p: request.topP,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    logit_bias: request.logitBias,
    seed: request.seed,
    stop: request.stop !== undefined && request.stop.length > 0 ? request.stop : undefined,
    n: request.n,
    ...extensions(request, target),
  };
  if (request.kind === 'text' && target.textPrompts === 'completions') {
    // Without max_tokens OpenAI ends an answer on this route after 16 tokens, with `length`.
    return {
      path: '/completions',
      body: {
        ...common,
        max_tokens: request.maxTokens,
        prompt: request.prompt,
        logprobs: request.topLogprobs,
      },
    };
  }
  const messages = request.kind === 'chat' ? request.messages : [{ role: 'user', content: request.prompt }];
  return {
    path: '/chat/completions',
    body: {
      ...common,
      [target.maxTokensField]: request.maxTokens,
      messages: messages.map(({ role, content }) => ({ role, content })),
      ...(request.topLogprobs === undefined ? {} : { logprobs: true, top_logprobs: request.topLogprobs }),
    },
  };
}

/** vLLM can count with every piece, so that a stream that is cut off has a count too. */
function streamOptions(request: GenerationRequest, { extensions }: Target): object {
  const counted = extensions === 'vllm' && (request.n ?? 1) === 1;
  return { include_usage: true, ...(counted ? { continuous_usage_stats: true } : {}) };
}

/** Parameters beyond OpenAI's. Those that change nothing are left out. */
function extensions(request: GenerationRequest, target: Target): object {
  if (request.reproducible === true) {
    throw unsupported('reproducible', target.name, 'no other server promises it; seed comes closest');
  }
  const wanted = {
    top_k: nonNeutral(request.topK, 0),
    min_p: nonNeutral(request.minP, 0),
    repetition_penalty: nonNeutral(request.repetitionPenalty, 1),
    ignore_eos: request.ignoreEos === true ? true : undefined,
  };
  if (target.extensions === 'vllm') return wanted;
  for (const [field, value] of Object.entries(wanted)) {
    if (value !== undefined) {
      throw unsupported(field, target.name, 'it is no parameter of the OpenAI API; leave it out');
    }
  }
  return {};
}

function nonNeutral(value: number | undefined, neutral: number): number | undefined {
  return value === neutral ? undefined : value;
}

function unsupported(field: string, model: string, reason: string): AerieError {
  return new AerieError(
    'UNSUPPORTED_PARAMETER',
    `${field} is not supported by the model ${model}: ${reason}`,
  );
}
