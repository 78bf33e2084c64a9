import { ApiProperty } from '@nestjs/swagger';

/** An error for clients of OpenAI's API. All four keys are always present. */
export class OpenAiErrorDto {
  @ApiProperty({ example: 'max_tokens must be an integer, got a string' })
  readonly message!: string;

  @ApiProperty({ example: 'invalid_request_error' })
  readonly type!: string;

  @ApiProperty({ type: String, nullable: true, example: 'max_tokens' })
  readonly param!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "OpenAI's code, or one of the error table in lower case.",
  })
  readonly code!: string | null;
}

/** Body of every error of OpenAI's API. */
export class OpenAiErrorEnvelopeDto {
  @ApiProperty({ type: OpenAiErrorDto })
  readonly error!: OpenAiErrorDto;
}
