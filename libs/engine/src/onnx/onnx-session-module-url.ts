// ONNX Runtime reports its use to Microsoft over the network and keeps an id in the user's cache folder, unless this is
// set before the library is loaded. It reads the process's own environment, of which a thread has only a copy, so it is
// set here: each process that runs models needs the URL before it starts their threads.
// eslint-disable-next-line no-restricted-properties -- it is set for the library, not read
process.env.ORT_DISABLE_TELEMETRY = '1';

/**
 * URL of the module that runs models with ONNX Runtime; it exports `createSession`. Threads load built files: sources
 * run from a checkout (as specs do) point to the last build.
 */
export const ONNX_SESSION_MODULE_URL: string = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/onnx/onnx-session.module.js' : './onnx-session.module.js',
  import.meta.url,
).href;
