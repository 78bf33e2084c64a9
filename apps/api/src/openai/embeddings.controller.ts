import { SETTINGS, type Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { type RequestContext, Context, ProtocolController, ProtocolErrors } from '@aerie/http';
import { InferenceService, embedRoute } from '@aerie/inference';
import { Body, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ReadsBody } from '../http/body/body-format.decorator.js';
import { ApiContentResponse } from '../http/content.js';
import { INFERENCE_ERRORS } from '../http/errors/inference-errors.js';
import { RateLimited } from '../http/rate-limit/rate-limit.decorator.js';
import { embeddingSchema, readEmbeddingRequest } from './embedding-request.js';
import { OPENAI } from './openai.protocol.js';
import { embeddingReplySchema } from './reply-schemas.js';
import { modelOf, unsupported } from './request-fields.js';
import { openApiSchema } from './zod-fields.js';

/** OpenAI's embeddings. */
@ApiTags('openai')
@ProtocolController(OPENAI, 'embeddings')
export class OpenAiEmbeddingsController {
  readonly #inference: InferenceService;
  readonly #maxTexts: number;

  constructor(@Inject(InferenceService) inference: InferenceService, @Inject(SETTINGS) settings: Settings) {
    this.#inference = inference;
    this.#maxTexts = settings.texts.maxTexts;
  }

  @Post()
  @HttpCode(200)
  @ReadsBody('json')
  @RateLimited('embed')
  @ApiOperation({ summary: "OpenAI's embeddings" })
  @ApiBody({ schema: openApiSchema(embeddingSchema) })
  @ApiContentResponse({ 'application/json': openApiSchema(embeddingReplySchema) })
  @ProtocolErrors(OPENAI, ...INFERENCE_ERRORS, 'UNSUPPORTED_PARAMETER')
  async embed(@Body() body: object, @Context() context: RequestContext): Promise<object> {
    const { inputs, truncate, model: id, base64, dimensions } = readEmbeddingRequest(body, this.#maxTexts);
    const { model, version } = modelOf(id);
    const outcome = await this.#inference
      .run(embedRoute, { texts: inputs, truncate }, context.call(model, version))
      .catch(nameInput);
    const reply = context.served(outcome);
    if (dimensions !== undefined && dimensions !== reply.dimensions) {
      const why = `dimensions: the vectors of ${reply.model} have ${reply.dimensions} and cannot be cut, got ${dimensions}.`;
      throw unsupported('dimensions', why);
    }
    return {
      object: 'list',
      data: reply.embeddings.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: base64 ? toBase64(vector) : vector,
      })),
      model: id,
      usage: { prompt_tokens: reply.usage.tokens, total_tokens: reply.usage.tokens },
    };
  }
}

/** Attributes errors of the use case to the parameter `input`. */
function nameInput(error: unknown): never {
  if (!(error instanceof AerieError) || error.code !== 'INVALID_INPUT' || error.details !== undefined)
    throw error;
  const details = [{ field: 'input', message: error.message }];
  throw new AerieError(error.code, error.message, { details, cause: error });
}

/** Little-endian float32, as the clients decode it. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
