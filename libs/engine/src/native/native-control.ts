import koffi from 'koffi';
import type { SessionControl } from '../ort-binding.js';
import type { OrtApi } from './ort-api.js';

/** Controls sessions of worker threads through the C API, whose objects have the same addresses in every thread. */
export class NativeControl implements SessionControl {
  readonly #api: OrtApi;
  readonly #trim: (() => Promise<void>) | null = mallocTrim();

  constructor(api: OrtApi) {
    this.#api = api;
  }

  terminateRun(runOptions: bigint): void {
    this.#api.call('runOptionsSetTerminate', runOptions);
  }

  allowRuns(runOptions: bigint): void {
    this.#api.call('runOptionsUnsetTerminate', runOptions);
  }

  releaseSession(session: bigint): Promise<void> {
    return this.#api.releaseInBackground('releaseSession', session);
  }

  async trimMemory(): Promise<void> {
    await this.#trim?.();
  }
}

/** glibc's malloc_trim; null with other C libraries. */
function mallocTrim(): (() => Promise<void>) | null {
  if (process.platform !== 'linux') return null;
  try {
    const trim = koffi.load('libc.so.6').func('malloc_trim', 'int', ['size_t']);
    return () =>
      new Promise((resolve) => {
        trim.async(0, () => {
          resolve();
        });
      });
  } catch {
    return null;
  }
}
