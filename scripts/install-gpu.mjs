/**
 * Fetches ONNX Runtime's CUDA provider of the version that is installed, and puts it beside the library of onnxruntime-node.
 * The provider comes from the wheel onnxruntime-gpu of the package index that pip is set up for. Needs Python 3 with pip.
 *
 * Usage: node scripts/install-gpu.mjs [--into FOLDER]
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const MACHINES = { x64: 'x86_64', arm64: 'aarch64' };
const LIBRARIES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];

/** What brings a library that the provider needs, by the beginning of its name. */
const REMEDIES = [
  [/^libcudnn/, 'install cuDNN'],
  [/^lib(cudart|cublas|cublasLt|cufft|curand|nvrtc|nvJitLink)\b/, 'install the CUDA toolkit of that version'],
  [/^libcuda\.so/, "install NVIDIA's driver"],
];

try {
  const { values } = parseArgs({ options: { into: { type: 'string' } } });
  main(values.into);
} catch (error) {
  console.error(`The CUDA provider was not installed: ${error.message}`);
  process.exitCode = 1;
}

function main(into) {
  const machine = MACHINES[process.arch];
  if (process.platform !== 'linux' || machine === undefined)
    throw new Error(`there is none for ${process.platform} on ${process.arch}`);
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = createRequire(import.meta.url)(manifest);
  const folder = into ?? path.join(path.dirname(manifest), 'bin', 'napi-v6', process.platform, process.arch);
  const work = mkdtempSync(path.join(tmpdir(), 'aerie-gpu-'));
  try {
    console.log(`Fetching onnxruntime-gpu ${version} ...`);
    const platforms = ['2_28', '2_27'].flatMap((glibc) => ['--platform', `manylinux_${glibc}_${machine}`]);
    pip(['download', '--no-deps', '--only-binary=:all:', '--python-version', '3.12', ...platforms], {
      wanted: `onnxruntime-gpu==${version}`,
      work,
    });
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip fetched no wheel');
    python(['-m', 'zipfile', '-e', path.join(work, wheel), path.join(work, 'wheel')]);
    for (const library of LIBRARIES) {
      copyFileSync(path.join(work, 'wheel', 'onnxruntime', 'capi', library), path.join(folder, library));
      console.log(`${path.join(folder, library)}`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  reportMissing(path.join(folder, LIBRARIES[1]));
}

function pip(options, { wanted, work }) {
  python(['-m', 'pip', ...options, '--quiet', '--disable-pip-version-check', '--dest', work, wanted]);
}

function python(args) {
  try {
    execFileSync('python3', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('python3 was not found', { cause: error });
    const lines = String(error.stderr).trim().split('\n');
    throw new Error(lines.at(-1) || error.message, { cause: error });
  }
}

/** Names the libraries that the provider needs and that the system's loader does not find. */
function reportMissing(library) {
  if (!existsSync('/usr/bin/ldd')) return;
  let text = '';
  try {
    text = execFileSync('/usr/bin/ldd', [library], { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  } catch {
    // Not a library that this machine can load.
  }
  const missing = [...text.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name);
  for (const name of missing) {
    const remedy = REMEDIES.find(([pattern]) => pattern.test(name))?.[1] ?? 'install it';
    console.log(`Missing: ${name}: ${remedy}, and put its folder into LD_LIBRARY_PATH.`);
  }
  if (missing.length === 0) console.log('Start the server with DEVICE=gpu.');
}
