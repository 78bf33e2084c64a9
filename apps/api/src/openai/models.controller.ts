import { ProtocolController, ProtocolErrors } from '@aerie/http';
import { ModelRegistry } from '@aerie/model-registry';
import { Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ApiContentResponse } from '../http/content.js';
import { OPENAI } from './openai.protocol.js';
import { modelListSchema, modelSchema } from './reply-schemas.js';
import { modelOf } from './request-fields.js';
import { openApiSchema } from './zod-fields.js';

type ModelObject = z.infer<typeof modelSchema>;

/** Start of this server, which stands for the unknown age of a model. */
const STARTED = Math.floor(Date.now() / 1000);

/** OpenAI's list of models: those for text and for embeddings. */
@ApiTags('openai')
@ProtocolController(OPENAI, 'models')
export class OpenAiModelsController {
  readonly #registry: ModelRegistry;

  constructor(@Inject(ModelRegistry) registry: ModelRegistry) {
    this.#registry = registry;
  }

  @Get()
  @ApiOperation({ summary: "OpenAI's list of models" })
  @ApiContentResponse({ 'application/json': openApiSchema(modelListSchema) })
  @ProtocolErrors(OPENAI, 'UNAUTHORIZED')
  list(): z.infer<typeof modelListSchema> {
    const data = this.#registry
      .describe()
      .filter(({ task }) => task === 'text-generation' || task === 'text-embedding')
      .map(({ name }) => toModel(name));
    return { object: 'list', data };
  }

  @Get(':id')
  @ApiOperation({ summary: "OpenAI's description of a model" })
  @ApiContentResponse({ 'application/json': openApiSchema(modelSchema) })
  @ProtocolErrors(OPENAI, 'UNAUTHORIZED', 'MODEL_NOT_FOUND', 'MODEL_VERSION_NOT_FOUND')
  read(@Param('id') id: string): ModelObject {
    const { model, version } = modelOf(id);
    const { task } = this.#registry.describeModel(model);
    // Models of other tasks are not listed. Resolved as language models, they are not found.
    const kind = task === 'text-embedding' ? task : 'text-generation';
    this.#registry.resolve(kind, { model, ...(version === undefined ? {} : { version }) });
    return toModel(id);
  }
}

function toModel(id: string): ModelObject {
  return { id, object: 'model', created: STARTED, owned_by: 'aerie' };
}
