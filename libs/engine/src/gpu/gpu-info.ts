/** One NVIDIA GPU, as its driver reports it. A figure that the driver does not know is null. */
export interface GpuInfo {
  /** The driver's index, which is also the device id given to execution providers. */
  readonly index: number;
  readonly name: string;
  /** Memory in MiB. */
  readonly memoryTotalMb: number | null;
  /** Memory in use by all processes, in MiB. */
  readonly memoryUsedMb: number | null;
  /** Share of the last sampling period in which a kernel ran, 0..100. */
  readonly utilizationPercent: number | null;
}
