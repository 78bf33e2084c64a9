import {
  IntegerField,
  ModelField,
  NumberField,
  ObjectField,
  StringField,
  StringsField,
  VersionField,
} from '@aerie/fields';
import { JOB_EVENT_TYPES, type JobEventType } from '@aerie/queue';

const DAY_S = 86_400;
const LONGEST_URL = 2048;

/** The receiver of a job's events. */
export class WebhookDto {
  @StringField({
    required: true,
    min: 1,
    max: LONGEST_URL,
    check: (text) => (/^https?:$/.test(protocolOf(text)) ? undefined : 'must be an http(s) URL'),
    example: 'https://example.com/hooks/aerie',
  })
  readonly url!: string;

  @StringField({
    min: 8,
    max: 256,
    description:
      'Signs the deliveries (Standard Webhooks): `whsec_` followed by base64, or any text. Default: WEBHOOK_SECRET.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  })
  readonly secret?: string;

  @StringsField({
    choices: JOB_EVENT_TYPES,
    max: JOB_EVENT_TYPES.length,
    description: 'Events to send. Default: the final events.',
  })
  readonly events?: readonly JobEventType[];
}

/** Options for running a job, in addition to the body of its task. */
export class JobOptionsDto {
  @ModelField()
  readonly model?: string;

  @VersionField()
  readonly version?: string;

  @IntegerField({ min: 0, max: 100, default: 0, description: 'Higher goes first.' })
  readonly priority: number = 0;

  @NumberField({ min: 0, max: 30 * DAY_S, default: 0, description: 'Seconds before the job may run.' })
  readonly delay: number = 0;

  @IntegerField({
    min: 1,
    max: 20,
    default: 3,
    description: 'Maximum number of attempts, with exponential backoff; only retryable errors are retried.',
  })
  readonly attempts: number = 3;

  @NumberField({
    min: 0.1,
    max: 30 * DAY_S,
    description: 'Seconds within which the job must start, or it fails with TIMEOUT.',
  })
  readonly ttl?: number;

  @ObjectField(WebhookDto, {})
  readonly webhook?: WebhookDto;
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : '';
}
