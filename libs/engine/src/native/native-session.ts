import koffi from 'koffi';
import type { InferenceSession } from '../kernel.js';
import type { SessionHandles } from '../ort-binding.js';
import type { NamedTensors, Tensor, TensorMetadata } from '../tensor.js';
import { type NativeTensors, ONNX_TYPE_TENSOR } from './native-tensor.js';
import type { Address, OrtApi } from './ort-api.js';

/** Names as C strings, which stay where they are: small buffers share a slab, unlike elements of small typed arrays. */
class Names {
  readonly #texts: readonly Buffer[];
  readonly #addresses: ReadonlyMap<string, Address>;

  constructor(names: readonly string[]) {
    this.#texts = names.map((name) => Buffer.from(`${name}\0`, 'utf8'));
    this.#addresses = new Map(names.map((name, i) => [name, koffi.address(this.#texts[i])]));
  }

  /** An array of pointers to the names. */
  addressesOf(names: readonly string[]): BigUint64Array {
    return BigUint64Array.from(names, (name) => {
      const address = this.#addresses.get(name);
      if (address !== undefined) return address;
      throw new Error(`The model has no input "${name}"; it has: ${[...this.#addresses.keys()].join(', ')}.`);
    });
  }
}

/** A session of the C API, and how it is used. */
export interface NativeSessionOptions {
  readonly api: OrtApi;
  readonly tensors: NativeTensors;
  readonly session: Address;
  readonly provider: string;
  /** Whether release() frees it. */
  readonly owned: boolean;
}

/** A session of ONNX Runtime's C API, and the options of this thread's runs of it. */
export class NativeSession implements InferenceSession {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly provider: string;
  readonly handles: SessionHandles;
  readonly #api: OrtApi;
  readonly #tensors: NativeTensors;
  readonly #inputNames: Names;
  readonly #outputNames: Names;
  readonly #fetches: readonly string[];
  /** Pointers to the names of the outputs. */
  readonly #fetchAddresses: BigUint64Array;
  readonly #int = new Int32Array(1);
  #owned: boolean;
  #released = false;

  constructor({ api, tensors, session, provider, owned }: NativeSessionOptions) {
    this.#api = api;
    this.#tensors = tensors;
    this.#owned = owned;
    this.provider = provider;
    const inputs = this.#describeAll(session, 'Input');
    const unfit = inputs.find(({ metadata }) => metadata === null);
    if (unfit !== undefined) throw new Error(`Input "${unfit.name}" of the model is not a tensor.`);
    const outputs = this.#describeAll(session, 'Output');
    this.inputs = inputs.flatMap(({ metadata }) => metadata ?? []);
    this.outputs = outputs.flatMap(({ metadata }) => metadata ?? []);
    this.#fetches = this.outputs.map(({ name }) => name);
    this.#inputNames = new Names(this.inputs.map(({ name }) => name));
    this.#outputNames = new Names(this.#fetches);
    this.#fetchAddresses = this.#outputNames.addressesOf(this.#fetches);
    this.handles = { session, runOptions: api.get('createRunOptions') };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- errors are rejections
  async run(feeds: NamedTensors, into: NamedTensors = {}): Promise<NamedTensors> {
    if (this.#released) throw new Error('The session was released.');
    const names = Object.keys(feeds);
    const fetches = this.#fetches;
    const inputs = new BigUint64Array(names.length);
    const outputs = new BigUint64Array(fetches.length);
    try {
      names.forEach((name, i) => {
        inputs[i] = this.#tensors.create(name, feeds[name] as Tensor);
      });
      fetches.forEach((name, i) => {
        const tensor = into[name];
        if (tensor !== undefined) outputs[i] = this.#tensors.create(name, tensor);
      });
      this.#api.call(
        'run',
        this.handles.session,
        this.handles.runOptions,
        this.#inputNames.addressesOf(names),
        inputs,
        inputs.length,
        this.#fetchAddresses,
        outputs.length,
        outputs,
      );
      return Object.fromEntries(
        fetches.map((name, i) => [name, into[name] ?? this.#tensors.read(name, outputs[i] as Address)]),
      );
    } finally {
      for (const values of [inputs, outputs])
        for (const value of values) if (value !== 0n) this.#api.release('releaseValue', value);
    }
  }

  handOver(): void {
    this.#owned = false;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- errors are rejections
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#api.release('releaseRunOptions', this.handles.runOptions);
    if (this.#owned) this.#api.release('releaseSession', this.handles.session);
  }

  #describeAll(
    session: Address,
    kind: 'Input' | 'Output',
  ): readonly { readonly name: string; readonly metadata: TensorMetadata | null }[] {
    const api = this.#api;
    const { allocator } = this.#tensors;
    const count = Number(api.get(`sessionGet${kind}Count`, session));
    return Array.from({ length: count }, (_, i) => {
      const text = api.get(`sessionGet${kind}Name`, session, i, allocator);
      const name = koffi.decode.string(text);
      api.call('allocatorFree', allocator, text);
      const type = api.get(`sessionGet${kind}TypeInfo`, session, i);
      try {
        return { name, metadata: this.#describe(name, type) };
      } finally {
        api.release('releaseTypeInfo', type);
      }
    });
  }

  #describe(name: string, type: Address): TensorMetadata | null {
    this.#api.call('getOnnxTypeFromTypeInfo', type, this.#int);
    if (this.#int[0] !== ONNX_TYPE_TENSOR) return null;
    const info = this.#api.get('castTypeInfoToTensorInfo', type);
    const { dtype, shape } = this.#tensors.describe(name, info);
    const symbols = new BigUint64Array(shape.length);
    if (shape.length > 0) this.#api.call('getSymbolicDimensions', info, symbols, symbols.length);
    return {
      name,
      dtype,
      shape: shape.map((dim, i) => (dim >= 0 ? dim : koffi.decode.string(symbols[i]) || -1)),
    };
  }
}
