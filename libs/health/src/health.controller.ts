import { AerieError } from '@aerie/contracts';
import { ApiErrors, Public } from '@aerie/http';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { HealthDto, LiveDto, ReadyDto } from './health.dto.js';
import { HealthService } from './health.service.js';

/** For dashboards, load balancers and orchestrators. */
@ApiTags('operations')
@Public()
@Controller('health')
export class HealthController {
  readonly #health: HealthService;

  constructor(health: HealthService) {
    this.#health = health;
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Health with details',
    description: 'An unhealthy server responds with 503 and the same body.',
  })
  @ApiOkResponse({ type: HealthDto })
  @ApiServiceUnavailableResponse({ type: HealthDto })
  async read(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    const health = await this.#health.read();
    if (health.status === 'unhealthy') response.status(503);
    return health;
  }

  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Liveness',
    description: 'Fails when a model has work but makes no progress: restart the server.',
  })
  @ApiOkResponse({ type: LiveDto })
  @ApiErrors('MODEL_NOT_LOADED')
  live(): LiveDto {
    if (!this.#health.alive) {
      throw new AerieError(
        'MODEL_NOT_LOADED',
        'A model has work but makes no progress (LIVENESS_TIMEOUT). See /health.',
      );
    }
    return { status: 'alive' };
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Readiness',
    description: 'Fails until every eager model is ready, and while the server drains.',
  })
  @ApiOkResponse({ type: ReadyDto })
  @ApiErrors('MODEL_NOT_LOADED', 'SHUTTING_DOWN')
  async ready(): Promise<ReadyDto> {
    const blocker = await this.#health.blocker();
    if (blocker !== null) throw blocker;
    return { status: 'ready' };
  }
}
