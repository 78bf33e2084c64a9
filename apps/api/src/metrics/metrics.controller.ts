import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ClusterMetrics } from './cluster-metrics.js';

/** Metrics for Prometheus. */
@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  readonly #metrics: ClusterMetrics;

  constructor(metrics: ClusterMetrics) {
    this.#metrics = metrics;
  }

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({
    summary: 'Metrics in the Prometheus text format',
    description: 'Covers all processes of this server, whichever of them responds.',
  })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  read(): Promise<string> {
    return this.#metrics.read();
  }
}
