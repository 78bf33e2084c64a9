/**
 * URL of the module that runs models with ONNX Runtime; it exports `createSession`. Threads load built files: sources
 * run from a checkout (as specs do) point to the last build.
 */
export const ONNX_SESSION_MODULE_URL: string = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/onnx/onnx-session.module.js' : './onnx-session.module.js',
  import.meta.url,
).href;
