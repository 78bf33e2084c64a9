import type { GpuInfo } from './gpu-info.js';

/** The fields of `nvidia-smi`, in the order that {@link parseGpus} reads. */
export const GPU_QUERY = 'index,name,memory.total,memory.used,utilization.gpu';

/**
 * Reads the output of `nvidia-smi --query-gpu=... --format=csv,noheader,nounits`: a GPU a line.
 * Other lines, such as a driver's warnings, are skipped.
 */
export function parseGpus(csv: string): readonly GpuInfo[] {
  return csv.split('\n').flatMap((line) => {
    const fields = line.split(',').map((field) => field.trim());
    if (fields.length < 5 || !/^\d+$/.test(fields[0] ?? '')) return [];
    return [
      {
        index: Number(fields[0]),
        name: fields.slice(1, -3).join(', '),
        memoryTotalMb: figure(fields.at(-3)),
        memoryUsedMb: figure(fields.at(-2)),
        utilizationPercent: figure(fields.at(-1)),
      },
    ];
  });
}

/** Figures that do not apply, for example on MIG and unified memory, are `[N/A]` or `[Not Supported]`. */
function figure(field: string | undefined): number | null {
  return field !== undefined && /^\d+(\.\d+)?$/.test(field) ? Number(field) : null;
}
