import { randomUUID } from 'node:crypto';
import type {
  ChosenTokenLogprob,
  CompleteAnswer,
  FinishReason,
  GenerationEvent,
  GenerationUsage,
} from '@aerie/inference';
import type { AnswerFormatFactory, AnswerOrigin } from '../chat/answer-format.js';
import { openAiErrorOf } from './openai-error.js';
import { jsonFrame, textFrame } from '../http/sse/sse-frame.js';
import { TextOffsets } from './text-offsets.js';
import type { TextRequest } from './text-request.js';

/** The differences between chat completions and completions. */
interface Dialect {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  choice(text: string, logprobs: readonly ChosenTokenLogprob[] | null): object;
  /** @param offsets of the choice, over all its pieces */
  delta(
    text: string,
    logprobs: readonly ChosenTokenLogprob[] | null,
    isFirst: boolean,
    offsets: TextOffsets,
  ): object;
  /** Fields of a choice's last chunk, besides the finish reason. */
  readonly nothing: object;
}

const CHAT: Dialect = {
  idPrefix: 'chatcmpl-',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  choice: (content, logprobs) => ({
    message: { role: 'assistant', content, refusal: null },
    logprobs: chatLogprobs(logprobs),
  }),
  delta: (content, logprobs, isFirst) => ({
    delta: isFirst ? { role: 'assistant', content } : { content },
    logprobs: chatLogprobs(logprobs),
  }),
  nothing: { delta: {}, logprobs: null },
};

const COMPLETION: Dialect = {
  idPrefix: 'cmpl-',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: (text, logprobs) => ({ text, logprobs: completionLogprobs(logprobs, new TextOffsets()) }),
  delta: (text, logprobs, _isFirst, offsets) => ({ text, logprobs: completionLogprobs(logprobs, offsets) }),
  nothing: { text: '', logprobs: null },
};

/** The dialect of a request. */
export function dialectOf({ kind }: TextRequest): Dialect {
  return kind === 'chat' ? CHAT : COMPLETION;
}

/** A whole answer. */
export function replyOf(request: TextRequest, answer: CompleteAnswer): object {
  const dialect = dialectOf(request);
  return {
    ...header(dialect, dialect.object, request.model, answer),
    choices: answer.choices.map(({ index, text, finishReason, logprobs }) => ({
      index,
      ...dialect.choice(text, logprobs),
      finish_reason: finishReason,
    })),
    usage: openAiUsage(answer.usage),
  };
}

/** A streamed answer: chunks with one id, and usage at the end if it was requested. */
export function chunkFormat(request: TextRequest): AnswerFormatFactory {
  const dialect = dialectOf(request);
  return (origin) => {
    const base = header(dialect, dialect.chunkObject, request.model, origin);
    const chunk = (choices: readonly object[], usage: object | null): string =>
      jsonFrame({ ...base, choices, ...(request.includeUsage ? { usage } : {}) });
    const begun = new Map<number, TextOffsets>();
    const piece = (index: number, text: string, logprobs: readonly ChosenTokenLogprob[] | null): string => {
      const isFirst = !begun.has(index);
      const offsets = begun.get(index) ?? new TextOffsets();
      begun.set(index, offsets);
      const choice = { index, ...dialect.delta(text, logprobs, isFirst, offsets), finish_reason: null };
      return chunk([choice], null);
    };
    const finish = (index: number, finishReason: FinishReason): string =>
      chunk([{ index, ...dialect.nothing, finish_reason: finishReason }], null);
    const event = (event: GenerationEvent): readonly string[] => {
      if (event.type === 'text') return [piece(event.index, event.text, event.logprobs ?? null)];
      // A choice without any text still begins with its role.
      const opening = begun.has(event.index) ? [] : [piece(event.index, '', null)];
      return [...opening, finish(event.index, event.finishReason)];
    };
    return {
      begin: () => [],
      event,
      end: (usage) => [...(request.includeUsage ? [chunk([], openAiUsage(usage))] : []), textFrame('[DONE]')],
      fail: (error) => [jsonFrame({ error: openAiErrorOf(error) })],
    };
  };
}

function header(dialect: Dialect, object: string, model: string, origin: AnswerOrigin): object {
  return {
    id: dialect.idPrefix + randomUUID().replaceAll('-', ''),
    object,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: `${origin.model}@${origin.version}`,
  };
}

function openAiUsage({ promptTokens, completionTokens, cachedTokens }: GenerationUsage): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

function chatLogprobs(logprobs: readonly ChosenTokenLogprob[] | null): object | null {
  if (logprobs === null) return null;
  return {
    content: logprobs.map(({ token, logprob, bytes, top }) => ({
      token,
      logprob,
      bytes,
      top_logprobs: top.map((other) => ({ token: other.token, logprob: other.logprob, bytes: other.bytes })),
    })),
    refusal: null,
  };
}

function completionLogprobs(
  logprobs: readonly ChosenTokenLogprob[] | null,
  offsets: TextOffsets,
): object | null {
  if (logprobs === null) return null;
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: logprobs.map(({ bytes }) => offsets.next(bytes)),
  };
}
