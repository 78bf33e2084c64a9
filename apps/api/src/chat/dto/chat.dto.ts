import { AerieError } from '@aerie/contracts';
import type { ChatMessage, GenerationRequest } from '@aerie/inference';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import { IfGiven, SamplingDto, samplingOf } from './sampling.dto.js';

const ROLES = ['system', 'user', 'assistant'] as const;
const MAX_MESSAGES = 1024;

/** One turn of a conversation. */
export class ChatMessageDto implements ChatMessage {
  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  readonly role!: (typeof ROLES)[number];

  @ApiProperty({ example: 'What is the capital of France?' })
  @IsString()
  readonly content!: string;
}

/** Body of chat/stream. */
export class ChatStreamBodyDto extends SamplingDto {
  @ApiPropertyOptional({ description: 'Either this or messages.', example: 'What is the capital of France?' })
  @IfGiven()
  @IsString()
  @Matches(/\S/, { message: 'message must not be blank' })
  readonly message?: string;

  @ApiPropertyOptional({ type: [ChatMessageDto], minItems: 1, maxItems: MAX_MESSAGES })
  @IfGiven()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_MESSAGES)
  @ValidateNested({ each: true })
  @Type(() => ChatMessageDto)
  readonly messages?: ChatMessageDto[];

  @ApiPropertyOptional({ description: 'Default: CHAT_MODEL, else the default model of the task.' })
  @IfGiven()
  @IsString()
  @Length(1, 128)
  readonly model?: string;
}

/** Body of chat. */
export class ChatBodyDto extends ChatStreamBodyDto {
  @ApiPropertyOptional({ default: true, description: 'false: one JSON body.' })
  @IsBoolean()
  readonly stream: boolean = true;
}

/**
 * The same for a model.
 *
 * @throws AerieError VALIDATION_ERROR when there is neither a message nor messages, or both.
 */
export function chatRequestOf(body: ChatStreamBodyDto): GenerationRequest {
  return { kind: 'chat', messages: messagesOf(body), ...samplingOf(body) };
}

function messagesOf({ message, messages }: ChatStreamBodyDto): readonly ChatMessage[] {
  if (message !== undefined && messages === undefined) return [{ role: 'user', content: message }];
  if (messages !== undefined && message === undefined) {
    return messages.map(({ role, content }) => ({ role, content }));
  }
  const problem = `expected either message or messages, got ${message === undefined ? 'neither' : 'both'}`;
  throw new AerieError('VALIDATION_ERROR', `The request is not valid: ${problem}.`, {
    details: [{ field: message === undefined ? 'message' : 'messages', message: problem }],
  });
}
