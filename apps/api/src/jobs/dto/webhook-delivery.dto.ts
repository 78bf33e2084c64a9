import { type Delivery, type DeliveryStatus, JOB_EVENT_TYPES, type JobEventType } from '@aerie/queue';
import { ApiProperty } from '@nestjs/swagger';

/** One attempt to deliver a webhook. */
export class WebhookAttemptDto {
  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Status of the response; null without one.' })
  readonly status!: number | null;

  @ApiProperty({ type: String, nullable: true })
  readonly error!: string | null;

  @ApiProperty()
  readonly duration_ms!: number;
}

/** The delivery of one event. */
export class WebhookDeliveryDto {
  @ApiProperty({ description: 'The id of the event.' })
  readonly id!: string;

  @ApiProperty({ enum: JOB_EVENT_TYPES })
  readonly type!: JobEventType;

  @ApiProperty({ type: 'integer', minimum: 1 })
  readonly sequence!: number;

  @ApiProperty({ enum: ['pending', 'delivered', 'failed'] satisfies DeliveryStatus[] })
  readonly status!: DeliveryStatus;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly next_attempt_at!: string | null;

  @ApiProperty({ type: [WebhookAttemptDto] })
  readonly attempts!: readonly WebhookAttemptDto[];
}

/** The deliveries of a job, oldest first. */
export class WebhookDeliveriesDto {
  @ApiProperty({ type: [WebhookDeliveryDto] })
  readonly webhooks!: readonly WebhookDeliveryDto[];
}

/** A delivery as callers see it. */
export function viewDelivery({ id, event, status, attempts, nextAttemptAt }: Delivery): WebhookDeliveryDto {
  return {
    id,
    type: event.type,
    sequence: event.sequence,
    status,
    next_attempt_at: nextAttemptAt === null ? null : new Date(nextAttemptAt).toISOString(),
    attempts: attempts.map((attempt) => ({
      at: new Date(attempt.at).toISOString(),
      status: attempt.status,
      error: attempt.error,
      duration_ms: attempt.durationMs,
    })),
  };
}
