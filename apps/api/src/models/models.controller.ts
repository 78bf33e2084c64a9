import { ApiErrors } from '@aerie/http';
import { type ModelDescription, ModelRegistry } from '@aerie/model-registry';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ModelDto, ModelListDto } from './model.dto.js';
import { snakeCase } from './snake-case.js';

/** Describes the models. */
@ApiTags('models')
@Controller('api/v1/models')
export class ModelsController {
  readonly #registry: ModelRegistry;

  constructor(registry: ModelRegistry) {
    this.#registry = registry;
  }

  @Get()
  @ApiOperation({ summary: 'Every model, without its labels' })
  @ApiOkResponse({ type: ModelListDto })
  @ApiErrors('UNAUTHORIZED')
  list(): ModelListDto {
    const models = this.#registry.describe().map((model) => toDto({ ...model, labels: null }));
    return { models, unusable: this.#registry.unusable };
  }

  @Get(':name')
  @ApiOperation({ summary: 'One model: versions, state, inputs and outputs, labels, traffic, statistics' })
  @ApiOkResponse({ type: ModelDto })
  @ApiErrors('UNAUTHORIZED', 'MODEL_NOT_FOUND')
  read(@Param('name') name: string): ModelDto {
    return toDto(this.#registry.describeModel(name));
  }
}

/** Field names in snake_case. Aliases are names from the manifest and stay unchanged. */
function toDto(model: ModelDescription): ModelDto {
  return Object.assign(snakeCase(model) as ModelDto, { aliases: model.aliases });
}
