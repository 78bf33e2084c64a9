import { ModelRegistryModule } from '@aerie/model-registry';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HttpModule } from '../http/http.module.js';
import { GpuIndicator } from './gpu.indicator.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { ModelsIndicator } from './models.indicator.js';
import { ProcessIndicator } from './process.indicator.js';

/** Health, liveness and readiness. */
@Module({
  // Terminus would log every failed poll at error level; the change of state is logged where it happens.
  imports: [TerminusModule.forRoot({ logger: false }), ModelRegistryModule, HttpModule],
  controllers: [HealthController],
  providers: [HealthService, ModelsIndicator, GpuIndicator, ProcessIndicator],
})
export class HealthModule {}
