import { BooleanField, ChoiceField, ModelField, ObjectsField, StringField } from '@aerie/fields';
import { SamplingDto } from './sampling.dto.js';

const ROLES = ['system', 'user', 'assistant'] as const;
const MAX_MESSAGES = 1024;

/** One turn of a conversation. */
export class ChatMessageDto {
  @ChoiceField(ROLES, { required: true })
  readonly role!: (typeof ROLES)[number];

  @StringField({ required: true, example: 'What is the capital of France?' })
  readonly content!: string;
}

/** Body of chat, also as a job. */
export class ChatBodyDto extends SamplingDto {
  @StringField({
    notBlank: true,
    description: 'Either this or messages.',
    example: 'What is the capital of France?',
  })
  readonly message?: string;

  @ObjectsField(ChatMessageDto, { min: 1, max: MAX_MESSAGES })
  readonly messages?: ChatMessageDto[];

  @ModelField('Default: CHAT_MODEL, else the default model of the task.')
  readonly model?: string;
}

/** Body of chat on its own route, which streams unless it is told not to. */
export class StreamableChatBodyDto extends ChatBodyDto {
  @BooleanField({ default: true, description: 'false: one JSON body.' })
  readonly stream: boolean = true;
}
