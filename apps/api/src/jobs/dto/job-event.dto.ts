import { JOB_EVENT_TYPES, type JobEventType, type JobEventView, type JobView } from '@aerie/queue';
import { ApiProperty } from '@nestjs/swagger';
import { JobDto } from './job.dto.js';

/** An event of a job. */
export class JobEventDto implements JobEventView {
  @ApiProperty({ example: '0197a3c2-6d0e-7000-8c1d-9a1f0c3b2e4d-3' })
  readonly id!: string;

  @ApiProperty({ type: 'integer', minimum: 1 })
  readonly sequence!: number;

  @ApiProperty({ enum: JOB_EVENT_TYPES })
  readonly type!: JobEventType;

  @ApiProperty({ format: 'date-time' })
  readonly timestamp!: string;

  @ApiProperty({ type: JobDto, description: 'The job at that time.' })
  readonly data!: JobView;
}
