import { SETTINGS, type Settings } from '@aerie/config';
import { LIST_GPUS, type ListGpus } from '@aerie/inference';
import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

/** The GPUs of the machine, by nvidia-smi. */
@Injectable()
export class GpuIndicator {
  readonly #listGpus: ListGpus;
  readonly #indicators: HealthIndicatorService;
  readonly #required: boolean;

  constructor(
    @Inject(LIST_GPUS) listGpus: ListGpus,
    indicators: HealthIndicatorService,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#listGpus = listGpus;
    this.#indicators = indicators;
    this.#required = settings.models.device === 'gpu';
  }

  /** degraded: DEVICE=gpu and there is none. */
  async check() {
    const gpus = await this.#listGpus();
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
