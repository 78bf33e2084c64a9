import { readFileSync } from 'node:fs';

/** Properties of the machine. */
export interface CpuPlatform {
  readonly arch: string;
  readonly os: string;
}

/**
 * Whether sums of products of uint8 and int8 may saturate on this CPU: on x64 without VNNI, where ONNX Runtime
 * adds them in int16. Only Linux reports VNNI; elsewhere on x64 it is assumed to be missing.
 *
 * @param readCpuInfo Text of /proc/cpuinfo.
 */
export function integerProductsMaySaturate(
  { arch, os }: CpuPlatform = { arch: process.arch, os: process.platform },
  readCpuInfo: () => string = () => readFileSync('/proc/cpuinfo', 'latin1'),
): boolean {
  if (arch !== 'x64') return false;
  if (os !== 'linux') return true;
  try {
    return !/^flags\s*:.*\b(avx512_vnni|avx_vnni)\b/m.test(readCpuInfo());
  } catch {
    return true;
  }
}
