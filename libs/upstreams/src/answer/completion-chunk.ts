import type { ChosenTokenLogprob, TokenLogprob } from '@aerie/generation';
import { z } from 'zod';

const text = z.string().nullish();
const count = z.int().min(0).nullish();

const token = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
});
const chatLogprobs = z.object({
  content: z.array(token.extend({ top_logprobs: z.array(token).nullish() })).nullish(),
});
const textLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
});

const choice = z.object({
  index: z.int().min(0).default(0),
  /** Of chats. Reasoning is not part of the answer, but shows that one is coming; both spellings are in use. */
  delta: z.object({ content: text, refusal: text, reasoning_content: text, reasoning: text }).nullish(),
  /** Of plain completions. */
  text,
  finish_reason: text,
  logprobs: z.union([textLogprobs, chatLogprobs]).nullish(),
});

const chunk = z.object({
  choices: z.array(choice).nullish(),
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: z.object({ cached_tokens: count }).nullish(),
    })
    .nullish(),
});

/** An upstream's error, whose fields differ between servers. */
const failure = z
  .object({ message: z.unknown(), type: z.unknown(), code: z.unknown(), status: z.unknown() })
  .partial();
const failureChunk = z.union([
  z.object({ error: z.union([failure, z.string().transform((message) => ({ message }))]) }),
  failure.extend({ object: z.literal('error') }).transform((error) => ({ error })),
]);

/** An upstream's description of a failure, unchecked. */
export type UpstreamFailure = z.infer<typeof failure>;

/** A piece of a choice. */
export interface ChoicePiece {
  readonly index: number;
  readonly text: string;
  readonly finishReason: string | null;
  readonly logprobs: readonly ChosenTokenLogprob[] | null;
  /** Whether this shows that the model is generating. The first event, with only the role, does not. */
  readonly isProgress: boolean;
}

/** Tokens as an upstream counts them. */
export interface ReportedUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

/** One message of an upstream's stream. */
export type CompletionChunk =
  | { readonly type: 'pieces'; readonly pieces: readonly ChoicePiece[]; readonly usage: ReportedUsage | null }
  | { readonly type: 'failure'; readonly failure: UpstreamFailure }
  | { readonly type: 'unreadable' };

/** Reads the data of one event of an upstream's stream. */
export function parseChunk(data: string): CompletionChunk {
  const value = parseJson(data);
  if (typeof value !== 'object' || value === null) return { type: 'unreadable' };
  if (('error' in value && value.error !== null) || ('object' in value && value.object === 'error')) {
    const { data: failed } = failureChunk.safeParse(value);
    return { type: 'failure', failure: failed?.error ?? {} };
  }
  const parsed = chunk.safeParse(value);
  if (!parsed.success) return { type: 'unreadable' };
  const { choices, usage } = parsed.data;
  return {
    type: 'pieces',
    pieces: (choices ?? []).map(toPiece),
    usage:
      usage === null || usage === undefined
        ? null
        : {
            promptTokens: usage.prompt_tokens ?? 0,
            cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
            completionTokens: usage.completion_tokens ?? 0,
          },
  };
}

/** Reads the body of an error response; empty if it cannot be read. */
export function parseFailure(body: string): UpstreamFailure {
  const value = parseJson(body);
  if (typeof value === 'string') return { message: value };
  const enveloped = failureChunk.safeParse(value);
  if (enveloped.success) return enveloped.data.error;
  return failure.safeParse(value).data ?? {};
}

function toPiece({
  index,
  delta,
  text: plain,
  finish_reason,
  logprobs,
}: z.infer<typeof choice>): ChoicePiece {
  const said = (delta?.content ?? '') + (delta?.refusal ?? '') + (plain ?? '');
  const thought = (delta?.reasoning_content ?? '') + (delta?.reasoning ?? '');
  const finishReason = finish_reason ?? null;
  return {
    index,
    text: said,
    finishReason,
    logprobs: logprobs === null || logprobs === undefined ? null : toLogprobs(logprobs),
    isProgress: said !== '' || thought !== '' || finishReason !== null,
  };
}

function toLogprobs(
  logprobs: z.infer<typeof textLogprobs | typeof chatLogprobs>,
): readonly ChosenTokenLogprob[] {
  if ('tokens' in logprobs) {
    return logprobs.tokens.map((chosen, i) => ({
      ...toTokenLogprob({ token: chosen, logprob: logprobs.token_logprobs[i] ?? 0 }),
      top: Object.entries(logprobs.top_logprobs?.[i] ?? {}).map(([other, logprob]) =>
        toTokenLogprob({ token: other, logprob }),
      ),
    }));
  }
  return (logprobs.content ?? []).map((entry) => ({
    ...toTokenLogprob(entry),
    top: (entry.top_logprobs ?? []).map(toTokenLogprob),
  }));
}

function toTokenLogprob({ token: said, logprob, bytes }: z.infer<typeof token>): TokenLogprob {
  return { token: said, logprob, bytes: bytes ?? [...Buffer.from(said, 'utf8')] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
