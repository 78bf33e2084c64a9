import { SETTINGS, type Settings } from '@aerie/config';
import { HealthModule, MetricsModule } from '@aerie/health';
import { Metrics } from '@aerie/observability';
import { Module } from '@nestjs/common';
import { ClusterMetrics } from '../metrics/cluster-metrics.js';
import { supervisorChannel } from '../supervisor/supervisor-channel.js';

/** Health and metrics of the server, over all of its HTTP processes. */
@Module({
  imports: [
    HealthModule.forRootAsync({ inject: [], useFactory: () => ({ needsModels: true }) }),
    MetricsModule.forRootAsync({
      inject: [Metrics, SETTINGS],
      useFactory: (metrics: Metrics, { http }: Settings) =>
        new ClusterMetrics(metrics, http.workers > 1 ? supervisorChannel() : null),
    }),
  ],
})
export class ApiHealthModule {}
