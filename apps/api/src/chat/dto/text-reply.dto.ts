import { ApiProperty } from '@nestjs/swagger';

/** Tokens of a request for text. */
export class TextUsageDto {
  @ApiProperty({ example: 37 })
  readonly prompt_tokens!: number;

  @ApiProperty({ example: 8 })
  readonly completion_tokens!: number;

  @ApiProperty({ example: 45 })
  readonly total_tokens!: number;

  @ApiProperty({ description: 'Prompt tokens reused from earlier requests.', example: 32 })
  readonly cached_tokens!: number;
}

/** Fields of every reply with text. */
class TextReplyDto {
  @ApiProperty({
    enum: ['stop', 'length'],
    description: 'length: max_tokens was reached, or the context is full.',
  })
  readonly finish_reason!: 'stop' | 'length';

  @ApiProperty({ example: 'smollm2-135m-instruct' })
  readonly model!: string;

  @ApiProperty({ example: '1' })
  readonly model_version!: string;

  @ApiProperty({ type: TextUsageDto })
  readonly usage!: TextUsageDto;
}

/** Reply to chat with `stream: false`. */
export class ChatReplyDto extends TextReplyDto {
  @ApiProperty({ example: 'Paris is the capital of France.' })
  readonly content!: string;
}

/** Reply to generate. */
export class GenerateReplyDto extends TextReplyDto {
  @ApiProperty({ example: ' Paris.' })
  readonly text!: string;

  @ApiProperty({ description: 'From acceptance of the request to the last token.', example: 212.4 })
  readonly inference_time_ms!: number;
}
