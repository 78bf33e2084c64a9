import { SETTINGS, type Settings } from '@aerie/config';
import { ModelQueryDto } from '@aerie/fields';
import { type RequestContext, ApiErrors, Context } from '@aerie/http';
import { type AnyBatchRoute, type BodyLimits, InferenceService } from '@aerie/inference';
import { Controller, HttpCode, Inject, Post, Query, type Type, applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { BodyOf, type RouteBody } from './route-body.js';

/** Creates the controller of a route of a task whose models run in batches. */
export function routeControllerOf(route: AnyBatchRoute): Type {
  const { name, aliases = [], bucket, docs } = route;

  @ApiTags('predictions')
  @Controller([`api/v1/${name}`, ...aliases])
  class RouteController {
    readonly #inference: InferenceService;
    readonly #limits: BodyLimits;

    constructor(@Inject(InferenceService) inference: InferenceService, @Inject(SETTINGS) settings: Settings) {
      this.#inference = inference;
      this.#limits = settings.texts;
    }

    @Post()
    @HttpCode(200)
    @ReadsRouteBody(route)
    @RateLimited(bucket)
    @MayBeJob(name)
    @ApiOperation({ summary: docs.summary, description: docs.description })
    @ApiHeader({
      name: 'X-Variant-Key',
      required: false,
      description: 'Keeps a caller on one version of a traffic split.',
    })
    @ApiOkResponse({ type: docs.reply })
    @ApiErrors(
      'INVALID_INPUT',
      'UNAUTHORIZED',
      'MODEL_NOT_FOUND',
      'MODEL_VERSION_NOT_FOUND',
      'PAYLOAD_TOO_LARGE',
    )
    @ApiErrors('UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR', 'RATE_LIMITED', 'OVERLOADED')
    @ApiErrors('MODEL_NOT_LOADED', 'WORKER_LOST', 'SHUTTING_DOWN', 'TIMEOUT')
    async [name](
      @BodyOf(route) body: RouteBody<unknown>,
      @Query() query: ModelQueryDto,
      @Context() context: RequestContext,
    ): Promise<object> {
      const call = context.call(body.model ?? query.model, query.model_version);
      return context.served(await this.#inference.run(route, body.toInput(this.#limits), call));
    }
  }
  // The OpenAPI document names operations after their controllers.
  return Object.defineProperty(RouteController, 'name', { value: `${capitalized(name)}Controller` });
}

/** Reads and documents the body of a route: JSON, or a form if the route accepts one. */
function ReadsRouteBody({ dto, upload }: AnyBatchRoute): MethodDecorator {
  if (upload === undefined) return applyDecorators(ReadsBody('json'), ApiBody({ type: dto }));
  const forms = [dto, upload.form];
  return applyDecorators(
    ReadsBody('image'),
    ApiExtraModels(...forms),
    ApiConsumes('application/json', 'multipart/form-data'),
    ApiBody({ schema: { oneOf: forms.map((form) => ({ $ref: getSchemaPath(form) })) } }),
  );
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
