import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest runs tests in a vm context with typed arrays of its own. Native code (onnxruntime, structured clone)
 * makes arrays of the outer realm, and `instanceof` then fails. This environment shares the outer realm's.
 */
export default class RealmEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of [
      'ArrayBuffer',
      'SharedArrayBuffer',
      'Atomics',
      'DataView',
      'Uint8Array',
      'Int8Array',
      'Uint16Array',
      'Int16Array',
      'Uint32Array',
      'Int32Array',
      'Float32Array',
      'Float64Array',
      'BigInt64Array',
      'BigUint64Array',
    ]) {
      this.global[name] = globalThis[name];
    }
  }
}
