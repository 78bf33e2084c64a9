import { SETTINGS, type Settings } from '@aerie/config';
import { GpuMonitor, openOrtBinding, type OrtBinding } from '@aerie/engine';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { Global, Module } from '@nestjs/common';
import { LIST_GPUS, type ListGpus, ORT_BINDING } from './engine-tokens.js';

/** How long the output of nvidia-smi is reused, in milliseconds. */
const REFRESH_MS = 5_000;

/** Provides the machine's GPUs, for the engine and for health, and the binding to ONNX Runtime. */
@Global()
@Module({
  providers: [
    {
      provide: LIST_GPUS,
      useFactory: (): ListGpus => {
        const monitor = new GpuMonitor({ maxAgeMs: REFRESH_MS });
        return () => monitor.read();
      },
    },
    {
      provide: ORT_BINDING,
      inject: [SETTINGS, LOGGER],
      useFactory: ({ models }: Settings, logger: PinoLogger): Promise<OrtBinding> =>
        openOrtBinding({ choice: models.ortBinding, logger }),
    },
  ],
  exports: [LIST_GPUS, ORT_BINDING],
})
export class EngineModule {}
