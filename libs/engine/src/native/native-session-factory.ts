import type { CreateSession, SessionFactory, SessionOptions } from '../worker/session-factory.js';
import { LOG_SEVERITY_FATAL, rewrittenModel, sessionConfig } from '../onnx/session-config.js';
import { NativeSession } from './native-session.js';
import { NativeTensors } from './native-tensor.js';
import { type Address, OrtApi } from './ort-api.js';
import { ortLibraryPath } from './ort-library.js';

/** ORT_ENABLE_ALL of GraphOptimizationLevel. */
const ALL_OPTIMIZATIONS = 99;

const api = new OrtApi(ortLibraryPath({ os: process.platform, arch: process.arch }));

// One environment serves the whole process: later calls return it, and nothing releases it.
const environment = api.get('createEnv', LOG_SEVERITY_FATAL, 'aerie');
api.call('disableTelemetryEvents', environment);
const tensors = new NativeTensors(api);

/** Runs models with ONNX Runtime's C API. Imported only in worker threads. */
export const createSession: CreateSession = async (options) => {
  const rewritten = await rewrittenModel(options);
  const sessionOptions = createOptions(options);
  try {
    const session =
      rewritten === null
        ? api.get('createSession', environment, options.modelPath, sessionOptions)
        : api.get('createSessionFromArray', environment, rewritten, rewritten.byteLength, sessionOptions);
    return adapt(session, options.provider.name);
  } finally {
    api.release('releaseSessionOptions', sessionOptions);
  }
};

/** Runs a session that another thread of this process handed over. */
export const attachSession: SessionFactory['attachSession'] = (session, provider) =>
  new NativeSession({ api, tensors, session, provider, owned: false });

function adapt(session: Address, provider: string): NativeSession {
  try {
    return new NativeSession({ api, tensors, session, provider, owned: true });
  } catch (error) {
    api.release('releaseSession', session);
    throw error;
  }
}

function createOptions(options: SessionOptions): Address {
  const created = api.get('createSessionOptions');
  try {
    api.call('setSessionLogSeverityLevel', created, LOG_SEVERITY_FATAL);
    api.call('setSessionGraphOptimizationLevel', created, ALL_OPTIMIZATIONS);
    api.call('setIntraOpNumThreads', created, options.intraOpThreads);
    api.call('setInterOpNumThreads', created, 1);
    for (const [key, value] of Object.entries(sessionConfig(options))) {
      api.call('addSessionConfigEntry', created, key, value);
    }
    appendProvider(created, options);
    return created;
  } catch (error) {
    api.release('releaseSessionOptions', created);
    throw error;
  }
}

/** The CPU's provider is always there, as the last. */
function appendProvider(sessionOptions: Address, { provider: { name, deviceId } }: SessionOptions): void {
  if (name === 'cpu') return;
  const settings: Readonly<Record<string, string>> = deviceId === null ? {} : { device_id: String(deviceId) };
  if (name === 'cuda') appendCuda(sessionOptions, settings);
  else api.call('appendExecutionProvider', sessionOptions, name, ...keysAndValues(settings));
}

function appendCuda(sessionOptions: Address, settings: Readonly<Record<string, string>>): void {
  const cuda = api.get('createCudaProviderOptions');
  try {
    // EXHAUSTIVE, the default, tries every algorithm for each new shape; DEFAULT is slow in every run.
    const all = { cudnn_conv_algo_search: 'HEURISTIC', ...settings };
    api.call('updateCudaProviderOptions', cuda, ...keysAndValues(all));
    api.call('appendCudaProvider', sessionOptions, cuda);
  } finally {
    api.release('releaseCudaProviderOptions', cuda);
  }
}

function keysAndValues(
  settings: Readonly<Record<string, string>>,
): readonly [readonly string[], readonly string[], number] {
  const keys = Object.keys(settings);
  return [keys, Object.values(settings), keys.length];
}
