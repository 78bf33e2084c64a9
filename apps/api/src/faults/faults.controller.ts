import { ChoiceField, StringField } from '@aerie/fields';
import { ModelRegistry } from '@aerie/model-registry';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ReadsBody } from '../http/body/body-format.decorator.js';

/** Kinds of fault that can be injected into a replica. */
const KINDS = ['throw', 'hang', 'die', 'crash'] as const;

/** The fault to inject into the next batch of a replica. */
export class FaultDto {
  @StringField({ required: true })
  readonly model!: string;

  @StringField({ required: true })
  readonly version!: string;

  @ChoiceField(KINDS, { required: true })
  readonly kind!: (typeof KINDS)[number];
}

/** Breaks replicas on purpose. Exists only with FAULT_INJECTION=true. */
@ApiExcludeController()
@Controller('api/v1/faults')
export class FaultsController {
  readonly #registry: ModelRegistry;

  constructor(registry: ModelRegistry) {
    this.#registry = registry;
  }

  @Post()
  @HttpCode(200)
  @ReadsBody('json')
  inject(@Body() { model, version, kind }: FaultDto): { readonly armed: string } {
    this.#registry.injectFault(model, version, kind);
    return { armed: kind };
  }
}
