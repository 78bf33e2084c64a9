import { SETTINGS, type Settings } from '@aerie/config';
import { GpuMonitor } from '@aerie/model-registry';
import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

/** The GPUs of the machine, by nvidia-smi. */
@Injectable()
export class GpuIndicator {
  readonly #monitor: GpuMonitor;
  readonly #indicators: HealthIndicatorService;
  readonly #required: boolean;

  constructor(monitor: GpuMonitor, indicators: HealthIndicatorService, @Inject(SETTINGS) settings: Settings) {
    this.#monitor = monitor;
    this.#indicators = indicators;
    this.#required = settings.models.device === 'gpu';
  }

  /** degraded: DEVICE=gpu and there is none. */
  async check() {
    const gpus = await this.#monitor.read();
    const indicator = this.#indicators.check('gpu');
    const data = {
      available: gpus.length > 0,
      devices: gpus.map((gpu) => ({
        index: gpu.index,
        name: gpu.name,
        memory_total_mb: gpu.memoryTotalMb,
        memory_used_mb: gpu.memoryUsedMb,
        utilization_percent: gpu.utilizationPercent,
      })),
    };
    return this.#required && gpus.length === 0 ? indicator.degraded(data) : indicator.up(data);
  }
}
