import { ChoiceField, IntegerField, NumberField, StringField } from '@aerie/fields';
import { JOB_STATUSES, type JobStatus, isId } from '@aerie/queue';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Longest wait in one request, seconds. */
export const MAX_WAIT_S = 60;

/** Response to a submission. */
export class JobAcceptedDto {
  @ApiProperty({ example: '0197a3c2-6d0e-7000-8c1d-9a1f0c3b2e4d' })
  readonly job_id!: string;

  @ApiProperty({ example: '/api/v1/jobs/0197a3c2-6d0e-7000-8c1d-9a1f0c3b2e4d' })
  readonly status_url!: string;

  @ApiPropertyOptional({ description: 'The failed job that runs again.' })
  readonly retry_of?: string;
}

/** A job. */
export class JobDto {
  @ApiProperty()
  readonly job_id!: string;

  @ApiProperty({ enum: JOB_STATUSES })
  readonly status!: JobStatus;

  @ApiProperty({ example: 'predict' })
  readonly task!: string;

  @ApiProperty({
    nullable: true,
    type: 'object',
    additionalProperties: true,
    description: 'The same body as the synchronous response.',
  })
  readonly result!: unknown;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { code: 'INVALID_INPUT', message: '...' },
  })
  readonly error?: object;

  @ApiProperty({ minimum: 0, maximum: 1 })
  readonly progress!: number;

  @ApiPropertyOptional({ description: 'Position among the waiting jobs of its task by arrival, from 1.' })
  readonly queue_position?: number;

  @ApiProperty({ description: 'Attempts that have started. The number never falls.' })
  readonly attempts!: number;

  @ApiProperty({ format: 'date-time' })
  readonly created_at!: string;

  @ApiProperty({ format: 'date-time', nullable: true, type: String })
  readonly started_at!: string | null;

  @ApiProperty({ format: 'date-time', nullable: true, type: String })
  readonly finished_at!: string | null;

  @ApiProperty({ nullable: true, type: String })
  readonly model!: string | null;

  @ApiProperty({ nullable: true, type: String })
  readonly model_version!: string | null;

  @ApiPropertyOptional()
  readonly retry_of?: string;

  @ApiPropertyOptional()
  readonly batch_id?: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly urls!: object;
}

/** Query of a job's status. */
export class JobQueryDto {
  @NumberField({ min: 0, max: MAX_WAIT_S, default: 0, description: 'Seconds to wait for the job to finish.' })
  readonly wait: number = 0;
}

/** Query of the list of jobs. */
export class JobListQueryDto {
  @ChoiceField(JOB_STATUSES, {})
  readonly status?: JobStatus;

  @StringField({
    check: (text) => (isId(text) ? undefined : 'must be the next_cursor of a page'),
    description: 'next_cursor of the previous page.',
  })
  readonly cursor?: string;

  @IntegerField({ min: 1, max: 100, default: 20 })
  readonly limit: number = 20;
}

/** A page of jobs, newest first. */
export class JobListDto {
  @ApiProperty({ type: [JobDto] })
  readonly jobs!: readonly JobDto[];

  @ApiProperty({ nullable: true, type: String, description: 'Cursor of the next page; null on the last.' })
  readonly next_cursor!: string | null;
}
