import type { SessionControl } from '../ort-binding.js';
import type { OrtApi } from './ort-api.js';

/** Controls sessions of worker threads through the C API, whose objects have the same addresses in every thread. */
export class NativeControl implements SessionControl {
  readonly #api: OrtApi;

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
}
