import { ApiErrors } from '@aerie/http';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

/** Injection token of the {@link MetricsReader}. */
export const METRICS_READER = Symbol('METRICS_READER');

/** Reads the metrics of the application. */
export interface MetricsReader {
  /** In the Prometheus text format. */
  read(): Promise<string>;
}

/** Metrics for Prometheus. */
@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  readonly #metrics: MetricsReader;

  constructor(@Inject(METRICS_READER) metrics: MetricsReader) {
    this.#metrics = metrics;
  }

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({
    summary: 'Metrics in the Prometheus text format',
    description: 'Covers all processes of this server.',
  })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiErrors('UNAUTHORIZED')
  read(): Promise<string> {
    return this.#metrics.read();
  }
}
