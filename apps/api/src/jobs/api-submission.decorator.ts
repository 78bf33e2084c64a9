import { ApiErrors } from '@aerie/http';
import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader } from '@nestjs/swagger';
import { JobAcceptedDto } from './dto/job.dto.js';

/** Documents what a route that can submit a job adds: its headers, its response and its errors. */
export const ApiSubmission = (prefer: string): MethodDecorator =>
  applyDecorators(
    ApiHeader({ name: 'Prefer', required: false, description: prefer }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Submissions of jobs with the same key share one job.',
    }),
    ApiAcceptedResponse({ type: JobAcceptedDto, description: 'The job was submitted.' }),
    ApiErrors('IDEMPOTENCY_MISMATCH', 'QUEUE_UNAVAILABLE', 'STORAGE_FULL'),
  );
