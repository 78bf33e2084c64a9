import { SETTINGS, type Settings } from '@aerie/config';
import { HealthModule, MetricsModule } from '@aerie/health';
import { Metrics } from '@aerie/observability';
import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { ClusterMetrics } from '../metrics/cluster-metrics.js';
import { supervisorChannel } from '../supervisor/supervisor-channel.js';
import { HttpProcessesIndicator } from './http-processes.indicator.js';

/** Health and metrics of the server, over all of its HTTP processes. */
@Module({
  imports: [
    HealthModule.forRootAsync({
      providers: [
        {
          provide: HttpProcessesIndicator,
          inject: [HealthIndicatorService],
          useFactory: (indicators: HealthIndicatorService) =>
            new HttpProcessesIndicator(supervisorChannel(), indicators),
        },
      ],
      inject: [HttpProcessesIndicator],
      useFactory: (processes: HttpProcessesIndicator) => ({
        needsModels: true,
        checks: [() => processes.check()],
      }),
    }),
    MetricsModule.forRootAsync({
      inject: [Metrics, SETTINGS],
      useFactory: (metrics: Metrics, { http }: Settings) =>
        new ClusterMetrics(metrics, http.workers > 1 ? supervisorChannel() : null),
    }),
  ],
})
export class ApiHealthModule {}
