import { ChatBodyDto, EmbedBodyDto, GenerateBodyDto, PredictBodyDto } from '@aerie/inference';
import { Controller, HttpCode, Post, Req, Res, type Type, applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { JobOptionsDto } from './dto/job-options.dto.js';
import { JobAcceptedDto } from './dto/job.dto.js';
import { SubmitService } from './submit.service.js';

const withOptions = (body: object) => ({ allOf: [body, { $ref: getSchemaPath(JobOptionsDto) }] });

/** Documentation that all submissions share. */
const Submits = (body: Type): MethodDecorator =>
  applyDecorators(
    HttpCode(202),
    ApiBody({ schema: withOptions({ $ref: getSchemaPath(body) }) }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Submissions with the same key share one job.',
    }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`wait=N` responds with 200 and the result if the job finishes within N seconds.',
    }),
    ApiAcceptedResponse({ type: JobAcceptedDto }),
    ApiErrors('UNAUTHORIZED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR'),
    ApiErrors('IDEMPOTENCY_MISMATCH', 'RATE_LIMITED', 'QUEUE_UNAVAILABLE', 'SHUTTING_DOWN'),
  );

/** Submits work as jobs. */
@ApiTags('jobs')
@ApiExtraModels(JobOptionsDto, PredictBodyDto, EmbedBodyDto, GenerateBodyDto, ChatBodyDto)
@Controller('api/v1')
export class SubmitController {
  readonly #submit: SubmitService;

  constructor(submit: SubmitService) {
    this.#submit = submit;
  }

  @Post('predict/async')
  @ReadsBody('image')
  @RateLimited('predict')
  @ApiOperation({
    summary: 'Classify an image as a job',
    description: 'Takes the body of predict and the options of jobs.',
  })
  @Submits(PredictBodyDto)
  predict(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
    return this.#submit.submit('predict', request, response);
  }

  @Post('embed/async')
  @ReadsBody('json')
  @RateLimited('embed')
  @ApiOperation({
    summary: 'Embed texts as a job',
    description: 'Takes the body of embed and the options of jobs.',
  })
  @Submits(EmbedBodyDto)
  embed(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
    return this.#submit.submit('embed', request, response);
  }

  @Post('generate/async')
  @ReadsBody('json')
  @RateLimited('chat')
  @ApiOperation({
    summary: 'Continue a text as a job',
    description: 'Takes the body of generate and the options of jobs.',
  })
  @Submits(GenerateBodyDto)
  generate(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
    return this.#submit.submit('generate', request, response);
  }

  @Post('chat/async')
  @ReadsBody('json')
  @RateLimited('chat')
  @ApiOperation({ summary: 'Chat as a job', description: 'Takes the body of chat and the options of jobs.' })
  @Submits(ChatBodyDto)
  chat(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<unknown> {
    return this.#submit.submit('chat', request, response);
  }
}
