import { AerieError, SAMPLING_ROWS } from '@aerie/contracts';
import type { GenerationRequest } from '@aerie/generation';
import type { ResolvedUpstreamOptions } from '../upstream-options.js';

/** A request to OpenAI's API. */
export interface OpenAiRequest {
  /** Below the base URL. */
  readonly path: '/chat/completions' | '/completions';
  readonly body: Readonly<Record<string, unknown>>;
}

type Target = Pick<
  ResolvedUpstreamOptions,
  'name' | 'upstreamModel' | 'extensions' | 'maxTokensField' | 'textPrompts'
>;

/**
 * Translates a request for OpenAI's API. `priority` is for queues of this process and is not sent to an upstream.
 *
 * @throws AerieError UNSUPPORTED_PARAMETER for a parameter that the upstream does not support, instead of ignoring it.
 */
export function toOpenAiRequest(request: GenerationRequest, target: Target): OpenAiRequest {
  const common = {
    model: target.upstreamModel,
    stream: true,
    stream_options: streamOptions(request, target),
    logit_bias: request.logitBias,
    n: request.n,
    ...sampling(request, target),
  };
  if (request.kind === 'text' && target.textPrompts === 'completions') {
    // Without max_tokens, OpenAI ends an answer on this route after 16 tokens, with `length`.
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

/** vLLM can report usage with every piece, so that an interrupted stream is counted too. */
function streamOptions(request: GenerationRequest, { extensions }: Target): object {
  const counted = extensions === 'vllm' && (request.n ?? 1) === 1;
  return { include_usage: true, ...(counted ? { continuous_usage_stats: true } : {}) };
}

/** Parameters whose names depend on the route and the upstream. */
const NAMED_BY_ROUTE: ReadonlySet<string> = new Set(['maxTokens', 'topLogprobs']);

/** The sampling parameters. Those beyond OpenAI's are omitted if they have no effect. */
function sampling(request: GenerationRequest, target: Target): object {
  const wanted: Record<string, unknown> = {};
  for (const { name, openai, upstream, neutral } of SAMPLING_ROWS) {
    const value = request[name];
    if (value === undefined || NAMED_BY_ROUTE.has(name) || (Array.isArray(value) && value.length === 0))
      continue;
    if (upstream === 'openai') {
      wanted[openai] = value;
    } else if (value !== neutral) {
      if (upstream === 'none') {
        throw unsupported(openai, target.name, 'no other server guarantees it; seed comes closest');
      }
      assertExtended(openai, target);
      wanted[openai] = value;
    }
  }
  if (request.ignoreEos === true) {
    assertExtended('ignore_eos', target);
    wanted.ignore_eos = true;
  }
  // vLLM refuses a top_p of 0, which selects the most likely token at OpenAI.
  return target.extensions === 'vllm' && request.topP === 0
    ? { ...wanted, top_p: undefined, temperature: 0 }
    : wanted;
}

function assertExtended(field: string, { extensions, name }: Target): void {
  if (extensions === 'vllm') return;
  throw unsupported(field, name, 'it is not a parameter of the OpenAI API; leave it out');
}

function unsupported(field: string, model: string, reason: string): AerieError {
  return new AerieError(
    'UNSUPPORTED_PARAMETER',
    `${field} is not supported by the model ${model}: ${reason}`,
  );
}
