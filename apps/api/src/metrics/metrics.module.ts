import { Module } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';

/** Metrics over HTTP. */
@Module({ controllers: [MetricsController] })
export class MetricsModule {}
