/** Opens a model with the built engine as a server does, lets one run fail in native code, and ends. Arguments: the model and
 * the binding. */
import { openOrtBinding, ThreadEngine } from '../dist/index.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const engine = new ThreadEngine({
  faultsAllowed: false,
  logger: quiet,
  cores: 1,
  gpus: () => Promise.resolve([]),
  binding: await openOrtBinding({ choice: process.argv[3], logger: quiet }),
});
const pool = await engine.open({
  model: 'model',
  version: '1',
  modelPath: process.argv[2],
  kernel: { moduleUrl: new URL('passthrough.kernel.mjs', import.meta.url).href, options: null },
  device: 'cpu',
  stallTimeoutMs: 60_000,
  startTimeoutMs: 60_000,
});
const beyondTheVocabulary = new BigInt64Array([1_000_000_000n]);
const feeds = Object.fromEntries(
  pool.inputs.map(({ name }) => [name, { dtype: 'int64', dims: [1, 1], data: beyondTheVocabulary }]),
);
const error = await pool.run([feeds]).then(
  () => null,
  (reason) => reason,
);
await engine.close();
process.stdout.write(String(error?.cause?.message));
