import { GpuMonitor } from '@aerie/engine';
import { Global, Module } from '@nestjs/common';
import { LIST_GPUS, type ListGpus } from './gpus.js';

/** How long the output of nvidia-smi is reused, in milliseconds. */
const REFRESH_MS = 5_000;

/** The GPUs of the machine, for the engine and for health. */
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
  ],
  exports: [LIST_GPUS],
})
export class GpusModule {}
