import { samplingOf, validationError } from '@aerie/contracts';
import type { ChatMessage, GenerationRequest } from '@aerie/generation';
import type { RestRoute } from '../rest-route.js';
import { ChatBodyDto } from './chat.dto.js';
import { GenerateBodyDto } from './generate.dto.js';
import { ChatReplyDto, GenerateReplyDto, chatReplyOf, generateReplyOf } from './text-reply.js';
import type { CompleteAnswer } from './types.js';

/** A route to language models. Its own controller answers it, as it may stream. */
export interface TextRoute<Body extends object = object, Reply extends object = object> extends RestRoute<
  'text-generation',
  Body,
  GenerationRequest
> {
  toInput(body: Body): GenerationRequest;
  /** The body of a response that is not streamed, and the result of a job. */
  readonly toReply: (answer: CompleteAnswer) => Reply;
}

/** Text that continues a prompt. */
export const generateRoute: TextRoute<GenerateBodyDto, GenerateReplyDto> = {
  name: 'generate',
  kind: 'text-generation',
  bucket: 'chat',
  docs: { jobSummary: 'Continue a text as a job', reply: GenerateReplyDto },
  dto: GenerateBodyDto,
  toInput: (body) => ({ kind: 'text', prompt: body.prompt, ...samplingOf('rest', body) }),
  toReply: generateReplyOf,
};

/** The next turn of a conversation. */
export const chatRoute: TextRoute<ChatBodyDto, ChatReplyDto> = {
  name: 'chat',
  kind: 'text-generation',
  bucket: 'chat',
  docs: { jobSummary: 'Chat as a job', reply: ChatReplyDto },
  dto: ChatBodyDto,
  toInput: (body) => ({ kind: 'chat', messages: messagesOf(body), ...samplingOf('rest', body) }),
  toReply: chatReplyOf,
};

function messagesOf({ message, messages }: ChatBodyDto): readonly ChatMessage[] {
  if (message !== undefined && messages === undefined) return [{ role: 'user', content: message }];
  if (messages !== undefined && message === undefined) {
    return messages.map(({ role, content }) => ({ role, content }));
  }
  const field = message === undefined ? 'message' : 'messages';
  const came = message === undefined ? 'neither' : 'both';
  throw validationError({ field, message: `expected either message or messages, got ${came}` });
}
