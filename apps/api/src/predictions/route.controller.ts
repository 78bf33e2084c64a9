import { SETTINGS, type Settings } from '@aerie/config';
import { capitalized } from '@aerie/contracts';
import { ModelQueryDto } from '@aerie/fields';
import { type RequestContext, ApiErrors, Context } from '@aerie/http';
import { type AnyBatchRoute, type BodyLimits, InferenceService } from '@aerie/inference';
import { Controller, HttpCode, Inject, Post, Query, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { requestBodyOf, routeContent } from '../http/content.js';
import { INFERENCE_ERRORS } from '../http/errors/inference-errors.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { MayBeJob } from '../jobs/may-be-job.decorator.js';
import { BodyOf, type RouteBody } from './route-body.js';

/** Creates the controller of a route of a task whose models run in batches. */
export function routeControllerOf(route: AnyBatchRoute): Type {
  const { name, aliases = [], bucket, docs, upload } = route;
  const content = routeContent(route);

  @ApiTags('predictions')
  @ApiExtraModels(...Object.values(content))
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
    @ReadsBody(upload === undefined ? 'json' : 'image')
    @RateLimited(bucket)
    @MayBeJob(name)
    @ApiOperation({
      summary: docs.summary,
      description: docs.description,
      requestBody: requestBodyOf(content),
    })
    @ApiHeader({
      name: 'X-Variant-Key',
      required: false,
      description: 'Keeps a caller on one version of a traffic split.',
    })
    @ApiOkResponse({ type: docs.reply })
    @ApiErrors(...INFERENCE_ERRORS)
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
