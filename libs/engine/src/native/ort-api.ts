import { serializeError } from '@aerie/runtime';
import koffi, { type LibraryHandle } from 'koffi';

/** Address of an object of ONNX Runtime. */
export type Address = bigint;

/** Memory that a function writes to, or reads from, during its call. */
export type Memory = ArrayBufferView | null;

type Status = Address | null;

/**
 * Version of the C API that the indices below belong to. Its table only ever grows, so a library of this version or a
 * later one has these functions at these places.
 */
const API_VERSION = 20;

const POINTER = 'void *';

/**
 * The functions in use: place in `OrtApi` (onnxruntime_c_api.h), result and parameters. Outputs are pointers to memory
 * of the caller.
 */
const FUNCTIONS = {
  getErrorMessage: [2, 'str', [POINTER]],
  createEnv: [3, POINTER, ['int', 'str', POINTER]],
  disableTelemetryEvents: [6, POINTER, [POINTER]],
  createSession: [7, POINTER, [POINTER, process.platform === 'win32' ? 'str16' : 'str', POINTER, POINTER]],
  createSessionFromArray: [8, POINTER, [POINTER, POINTER, 'size_t', POINTER, POINTER]],
  run: [9, POINTER, [POINTER, POINTER, POINTER, POINTER, 'size_t', POINTER, 'size_t', POINTER]],
  createSessionOptions: [10, POINTER, [POINTER]],
  setSessionLogSeverityLevel: [22, POINTER, [POINTER, 'int']],
  setSessionGraphOptimizationLevel: [23, POINTER, [POINTER, 'int']],
  setIntraOpNumThreads: [24, POINTER, [POINTER, 'int']],
  setInterOpNumThreads: [25, POINTER, [POINTER, 'int']],
  sessionGetInputCount: [30, POINTER, [POINTER, POINTER]],
  sessionGetOutputCount: [31, POINTER, [POINTER, POINTER]],
  sessionGetInputTypeInfo: [33, POINTER, [POINTER, 'size_t', POINTER]],
  sessionGetOutputTypeInfo: [34, POINTER, [POINTER, 'size_t', POINTER]],
  sessionGetInputName: [36, POINTER, [POINTER, 'size_t', POINTER, POINTER]],
  sessionGetOutputName: [37, POINTER, [POINTER, 'size_t', POINTER, POINTER]],
  createRunOptions: [39, POINTER, [POINTER]],
  runOptionsSetTerminate: [46, POINTER, [POINTER]],
  runOptionsUnsetTerminate: [47, POINTER, [POINTER]],
  createTensorAsOrtValue: [48, POINTER, [POINTER, POINTER, 'size_t', 'int', POINTER]],
  createTensorWithDataAsOrtValue: [
    49,
    POINTER,
    [POINTER, POINTER, 'size_t', POINTER, 'size_t', 'int', POINTER],
  ],
  getTensorMutableData: [51, POINTER, [POINTER, POINTER]],
  fillStringTensor: [52, POINTER, [POINTER, 'const char **', 'size_t']],
  getStringTensorDataLength: [53, POINTER, [POINTER, POINTER]],
  getStringTensorContent: [54, POINTER, [POINTER, POINTER, 'size_t', POINTER, 'size_t']],
  castTypeInfoToTensorInfo: [55, POINTER, [POINTER, POINTER]],
  getOnnxTypeFromTypeInfo: [56, POINTER, [POINTER, POINTER]],
  getTensorElementType: [60, POINTER, [POINTER, POINTER]],
  getDimensionsCount: [61, POINTER, [POINTER, POINTER]],
  getDimensions: [62, POINTER, [POINTER, POINTER, 'size_t']],
  getSymbolicDimensions: [63, POINTER, [POINTER, POINTER, 'size_t']],
  getTensorTypeAndShape: [65, POINTER, [POINTER, POINTER]],
  getValueType: [67, POINTER, [POINTER, POINTER]],
  createCpuMemoryInfo: [69, POINTER, ['int', 'int', POINTER]],
  allocatorFree: [76, POINTER, [POINTER, POINTER]],
  getAllocatorWithDefaultOptions: [78, POINTER, [POINTER]],
  releaseStatus: [93, 'void', [POINTER]],
  releaseSession: [95, 'void', [POINTER]],
  releaseValue: [96, 'void', [POINTER]],
  releaseRunOptions: [97, 'void', [POINTER]],
  releaseTypeInfo: [98, 'void', [POINTER]],
  releaseTensorTypeAndShapeInfo: [99, 'void', [POINTER]],
  releaseSessionOptions: [100, 'void', [POINTER]],
  addSessionConfigEntry: [130, POINTER, [POINTER, 'str', 'str']],
  appendExecutionProvider: [216, POINTER, [POINTER, 'str', 'const char **', 'const char **', 'size_t']],
  appendCudaProvider: [204, POINTER, [POINTER, POINTER]],
  createCudaProviderOptions: [205, POINTER, [POINTER]],
  updateCudaProviderOptions: [206, POINTER, [POINTER, 'const char **', 'const char **', 'size_t']],
  releaseCudaProviderOptions: [208, 'void', [POINTER]],
} as const satisfies Record<string, readonly [place: number, result: string, parameters: readonly string[]]>;

type FunctionName = keyof typeof FUNCTIONS;
type Argument = Address | Memory | number | string | readonly string[];
type ReleaseName = Extract<FunctionName, `release${string}`>;
type CallName = Exclude<FunctionName, ReleaseName | 'getErrorMessage'>;

interface NativeFunction {
  (...args: readonly Argument[]): unknown;
  async(...args: readonly [...Argument[], (error: Error | null) => void]): void;
}

const PLACES = Math.max(...Object.values(FUNCTIONS).map(([place]) => place)) + 1;

/**
 * ONNX Runtime's C API in this thread. Objects are addresses, which other threads of the process may use too; their
 * owner releases each of them once.
 */
export class OrtApi {
  /** Version of the library, such as `1.30.0`. */
  readonly version: string;
  readonly #functions: Readonly<Record<FunctionName, NativeFunction>>;
  /** koffi unloads a library whose handle is collected, functions or not. */
  readonly #library: LibraryHandle;
  /** Receives one address or size of a call. */
  readonly #out = new BigUint64Array(1);

  /** @throws Error if the library cannot be loaded or is older than the API in use. */
  constructor(libraryPath: string) {
    this.#library = loadLibrary(libraryPath);
    const base: unknown = this.#library.func('OrtGetApiBase', POINTER, [])();
    const [getApi, getVersion] = koffi.decode(base, koffi.array(POINTER, 2)) as [Address, Address];
    this.version = (koffi.decode(getVersion, koffi.proto('str', [])) as () => string)();
    if (!(Number(this.version.split('.')[1]) >= API_VERSION))
      throw new Error(`ONNX Runtime ${this.version} is older than 1.${String(API_VERSION)}.`);
    const table = (koffi.decode(getApi, koffi.proto(POINTER, ['uint32_t'])) as (version: number) => Address)(
      API_VERSION,
    );
    const addresses = koffi.decode(table, koffi.array(POINTER, PLACES)) as readonly Address[];
    this.#functions = Object.fromEntries(
      Object.entries(FUNCTIONS).map(([name, [place, result, parameters]]) => [
        name,
        koffi.decode(addresses[place], koffi.proto(result, [...parameters])) as unknown,
      ]),
    ) as Readonly<Record<FunctionName, NativeFunction>>;
  }

  /** Calls a function. @throws Error with ONNX Runtime's message when it reports one. */
  call(name: CallName, ...args: readonly Argument[]): void {
    const status = this.#functions[name](...args) as Status;
    if (status === null) return;
    const message = this.#functions.getErrorMessage(status) as string;
    this.#functions.releaseStatus(status);
    throw new Error(message);
  }

  /** Calls a function whose last parameter receives an address or a size, and returns that. */
  get(name: CallName, ...args: readonly Argument[]): Address {
    this.#out[0] = 0n;
    this.call(name, ...args, this.#out);
    return this.#out[0];
  }

  /** Releases an object. */
  release(name: ReleaseName, address: Address): void {
    this.#functions[name](address);
  }

  /** Releases an object outside of this thread. */
  releaseInBackground(name: ReleaseName, address: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#functions[name].async(address, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }
}

function loadLibrary(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (error) {
    throw new Error(`${path}: ${serializeError(error).message}`, { cause: error });
  }
}
