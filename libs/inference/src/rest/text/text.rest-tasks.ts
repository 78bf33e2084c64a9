import { samplingOf, validationError } from '@aerie/contracts';
import type { ChatMessage, GenerationRequest } from '@aerie/model-registry';
import type { CompleteAnswer } from '../../generate.service.js';
import { chatReplyOf, generateReplyOf } from '../../text-reply.js';
import type { RestTask } from '../rest-task.js';
import { ChatBodyDto } from './chat.dto.js';
import { GenerateBodyDto } from './generate.dto.js';

/** Text that continues a prompt. */
export const generateRestTask = {
  dto: GenerateBodyDto,
  toInput: (body: GenerateBodyDto): GenerationRequest => ({
    kind: 'text',
    prompt: body.prompt,
    ...samplingOf('rest', body),
  }),
  reply: generateReplyOf,
} satisfies RestTask<GenerateBodyDto, GenerationRequest, CompleteAnswer>;

/** The next turn of a conversation. */
export const chatRestTask = {
  dto: ChatBodyDto,
  toInput: (body: ChatBodyDto): GenerationRequest => ({
    kind: 'chat',
    messages: messagesOf(body),
    ...samplingOf('rest', body),
  }),
  reply: chatReplyOf,
} satisfies RestTask<ChatBodyDto, GenerationRequest, CompleteAnswer>;

function messagesOf({ message, messages }: ChatBodyDto): readonly ChatMessage[] {
  if (message !== undefined && messages === undefined) return [{ role: 'user', content: message }];
  if (messages !== undefined && message === undefined) {
    return messages.map(({ role, content }) => ({ role, content }));
  }
  const field = message === undefined ? 'message' : 'messages';
  const came = message === undefined ? 'neither' : 'both';
  throw validationError({ field, message: `expected either message or messages, got ${came}` });
}
