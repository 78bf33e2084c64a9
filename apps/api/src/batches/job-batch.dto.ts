import { DocumentedField } from '@aerie/fields';
import { REST_ROUTES } from '@aerie/inference';
import type { JobBatchResult, JobBatchView } from '@aerie/jobs';
import { JOB_STATUSES, type JobStatus } from '@aerie/queue';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { schemaOf } from '../http/content.js';
import { BatchOptionsDto } from './batch.reader.js';

/** Schema of an item: the body of one of the tasks. */
export const BATCH_ITEM = { oneOf: REST_ROUTES.map(({ dto }) => schemaOf(dto)) };

/** JSON body of a job batch, for the documentation. */
export class BatchBodyDto extends BatchOptionsDto {
  @DocumentedField({
    type: 'array',
    items: BATCH_ITEM,
    minItems: 1,
    example: [{ text: 'A cat.' }, { text: 'A dog.' }],
  })
  readonly items!: readonly object[];
}

/** Items of a job batch by the status of their jobs. */
export class JobBatchCountsDto {
  @ApiProperty()
  readonly total!: number;

  @ApiProperty()
  readonly pending!: number;

  @ApiProperty()
  readonly processing!: number;

  @ApiProperty()
  readonly completed!: number;

  @ApiProperty()
  readonly failed!: number;

  @ApiProperty()
  readonly canceled!: number;
}

/** A job batch. */
export class JobBatchDto implements JobBatchView {
  @ApiProperty()
  readonly batch_id!: string;

  @ApiProperty({ example: 'embed' })
  readonly task!: string;

  @ApiProperty({ enum: ['processing', 'completed', 'canceled'] satisfies JobBatchView['status'][] })
  readonly status!: JobBatchView['status'];

  @ApiProperty({ type: JobBatchCountsDto })
  readonly counts!: JobBatchCountsDto;

  @ApiProperty({ minimum: 0, maximum: 1, description: 'The share that has finished.' })
  readonly progress!: number;

  @ApiProperty({ format: 'date-time' })
  readonly created_at!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly urls!: JobBatchView['urls'];
}

/** Response to the submission of a job batch. */
export class JobBatchAcceptedDto extends JobBatchDto {
  @ApiProperty()
  readonly status_url!: string;
}

/** One line of a job batch's results. */
export class JobBatchResultDto implements JobBatchResult {
  @ApiProperty()
  readonly index!: number;

  @ApiProperty()
  readonly job_id!: string;

  @ApiProperty({ enum: JOB_STATUSES })
  readonly status!: JobStatus;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  readonly result?: unknown;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  readonly error?: { readonly code: string; readonly message: string };
}
