import { type Logger, serializeError } from '@aerie/runtime';
import type { OrtBinding, OrtBindingChoice } from '../ort-binding.js';
import { ortLibraryPath } from './ort-library.js';

/** How to reach ONNX Runtime. */
export interface OpenOrtBindingOptions {
  /** `auto` takes the native binding where it can be opened. */
  readonly choice: OrtBindingChoice;
  readonly logger: Pick<Logger, 'info'>;
  /** Default: the library that onnxruntime-node ships for this machine. */
  readonly libraryPath?: () => string;
}

// ONNX Runtime reports its use to Microsoft over the network and keeps an id in the user's cache folder, unless this is
// set before the library is loaded. It reads the process's own environment, of which a thread has only a copy, so it is
// set here: each process that runs models opens the binding before it starts their threads.
// eslint-disable-next-line no-restricted-properties -- it is set for the library, not read
process.env.ORT_DISABLE_TELEMETRY = '1';

/** Threads load built files; sources that run from a checkout (as in specs) point to the last build. */
const BUILT = new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url);
const NATIVE_SESSION_FACTORY_URL = new URL('native/native-session-factory.js', BUILT).href;
const NODE_SESSION_FACTORY_URL = new URL('onnx/node-session-factory.js', BUILT).href;

const NODE_BINDING: OrtBinding = { name: 'node', sessionFactoryUrl: NODE_SESSION_FACTORY_URL, control: null };

/**
 * Opens the binding to ONNX Runtime for this process, and logs which one it is, and why.
 *
 * @throws Error if the native binding is asked for by name and cannot be opened.
 */
export async function openOrtBinding({
  choice,
  logger,
  libraryPath = thisMachinesLibrary,
}: OpenOrtBindingOptions): Promise<OrtBinding> {
  if (choice === 'node') {
    logger.info({ binding: 'node', reason: 'ORT_BINDING asks for it' }, 'ONNX Runtime');
    return NODE_BINDING;
  }
  try {
    // koffi does not load on every platform that Node runs on.
    const { OrtApi } = await import('./ort-api.js');
    const { NativeControl } = await import('./native-control.js');
    const api = new OrtApi(libraryPath());
    logger.info({ binding: 'native', version: api.version }, 'ONNX Runtime');
    return { name: 'native', sessionFactoryUrl: NATIVE_SESSION_FACTORY_URL, control: new NativeControl(api) };
  } catch (error) {
    const reason = serializeError(error).message;
    if (choice === 'native')
      throw new Error(`ONNX Runtime's C API cannot be used: ${reason}`, { cause: error });
    logger.info({ binding: 'node', reason }, 'ONNX Runtime');
    return NODE_BINDING;
  }
}

function thisMachinesLibrary(): string {
  return ortLibraryPath({ os: process.platform, arch: process.arch });
}
