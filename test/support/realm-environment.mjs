import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest runs tests in a vm context with separate typed array classes. Native code (onnxruntime, structured clone) creates
 * arrays of the outer realm, for which `instanceof` fails. This environment shares the classes of the outer realm.
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
