import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { GpuInfo } from './gpu-info.js';
import { GPU_QUERY, parseGpus } from './parse-gpus.js';

const execute = promisify(execFile);
const TIMEOUT_MS = 2_000;

/** How the GPUs are listed. */
export interface ListGpusOptions {
  /** Name or path of the command. Default: `nvidia-smi`. */
  readonly command?: string;
  readonly signal?: AbortSignal;
}

/**
 * The NVIDIA GPUs of this machine; none if the command is missing, fails, or takes longer than 2 s,
 * because a driver that does not respond cannot run models either.
 *
 * @throws the signal's reason when it aborts.
 */
export async function listGpus({ command = 'nvidia-smi', signal }: ListGpusOptions = {}): Promise<
  readonly GpuInfo[]
> {
  signal?.throwIfAborted();
  try {
    const { stdout } = await execute(command, [`--query-gpu=${GPU_QUERY}`, '--format=csv,noheader,nounits'], {
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      windowsHide: true,
      ...(signal === undefined ? {} : { signal }),
    });
    return parseGpus(stdout);
  } catch {
    signal?.throwIfAborted();
    return [];
  }
}
