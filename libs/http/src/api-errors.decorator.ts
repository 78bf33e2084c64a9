import { type ErrorCode, errorTableEntry } from '@aerie/contracts';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { Protocol } from './errors/protocol.js';

/** An invalid field. */
export class FieldErrorDto {
  @ApiProperty({ example: 'top_k' })
  readonly field!: string;

  @ApiProperty({ example: 'top_k must be a whole number from 1 to 100' })
  readonly message!: string;
}

/** Body of every error. */
export class ErrorEnvelopeDto {
  @ApiProperty({ description: 'Code from the error table.', example: 'VALIDATION_ERROR' })
  readonly error!: string;

  @ApiProperty({
    description: 'What was expected, what was received, what to do.',
    example: 'The request is not valid: ...',
  })
  readonly message!: string;

  @ApiProperty({ example: '/api/v1/predict' })
  readonly path!: string;

  @ApiProperty({ example: '5f9c1e1c-8a5e-4f0e-9f5e-0c5b3a4c1d2e' })
  readonly requestId!: string;

  @ApiProperty({ type: [FieldErrorDto], required: false })
  readonly details?: readonly FieldErrorDto[];
}

/** Documents the errors of a route, by code. */
export const ApiErrors = (...codes: readonly ErrorCode[]): MethodDecorator =>
  ProtocolErrors(
    { errorBody: ErrorEnvelopeDto, errorStatus: (code) => errorTableEntry(code).status },
    ...codes,
  );

/** Documents the errors of a protocol's route, by code, in the protocol's shape. */
export function ProtocolErrors(
  { errorBody, errorStatus }: Pick<Protocol, 'errorBody' | 'errorStatus'>,
  ...codes: readonly ErrorCode[]
): MethodDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = errorStatus(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return applyDecorators(
    ...[...byStatus].map(([status, ofStatus]) =>
      ApiResponse({ status, description: ofStatus.join(', '), type: errorBody }),
    ),
  );
}
