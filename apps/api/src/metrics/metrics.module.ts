import cluster from 'node:cluster';
import { SETTINGS, type Settings } from '@aerie/config';
import { Metrics } from '@aerie/observability';
import { Module } from '@nestjs/common';
import { ClusterMetrics } from './cluster-metrics.js';
import { MetricsController } from './metrics.controller.js';

/** Metrics over HTTP. */
@Module({
  controllers: [MetricsController],
  providers: [
    {
      provide: ClusterMetrics,
      inject: [Metrics, SETTINGS],
      useFactory: (metrics: Metrics, { http }: Settings) =>
        new ClusterMetrics(metrics, cluster.isWorker && http.workers > 1 ? process : null),
    },
  ],
})
export class MetricsModule {}
