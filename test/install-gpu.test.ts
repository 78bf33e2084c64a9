import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT } from './support/root.js';

const { version } = JSON.parse(
  readFileSync(join(ROOT, 'node_modules/onnxruntime-node/package.json'), 'utf8'),
) as { readonly version: string };
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

(process.platform === 'linux' && hasPip ? describe : describe.skip)('scripts/install-gpu.mjs', () => {
  let folder: string;
  let index: string;
  let target: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aerie-gpu-test-'));
    index = join(folder, 'index');
    target = join(folder, 'target');
    mkdirSync(index);
    mkdirSync(target);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** A folder stands in for the package index. */
  function addWheel(wheelVersion: string): void {
    const content = join(folder, 'content');
    const info = `onnxruntime_gpu-${wheelVersion}.dist-info`;
    for (const [name, text] of Object.entries({
      'onnxruntime/capi/libonnxruntime_providers_cuda.so': `cuda ${wheelVersion}`,
      'onnxruntime/capi/libonnxruntime_providers_shared.so': `shared ${wheelVersion}`,
      'onnxruntime/capi/libonnxruntime_providers_tensorrt.so': 'unused',
      [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: ${wheelVersion}\n`,
      [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: false\n',
    })) {
      mkdirSync(join(content, name, '..'), { recursive: true });
      writeFileSync(join(content, name), text);
    }
    const wheel = `onnxruntime_gpu-${wheelVersion}-cp312-cp312-manylinux_2_28_${machine}.whl`;
    const zip = ['-m', 'zipfile', '-c', join(index, wheel), `${content}/onnxruntime`, `${content}/${info}`];
    expect(spawnSync('python3', zip).status).toBe(0);
  }

  function install(environment: Readonly<Record<string, string>> = {}) {
    return spawnSync(process.execPath, [join(ROOT, 'scripts/install-gpu.mjs'), '--into', target], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, PIP_NO_INDEX: '1', PIP_FIND_LINKS: index, ...environment },
    });
  }

  it('puts the provider of the installed version beside the library', () => {
    addWheel(version);
    addWheel('0.0.1');
    const { status, stderr } = install();
    expect([status, stderr]).toEqual([0, '']);
    expect(readdirSync(target).sort()).toEqual([
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
    expect(readFileSync(join(target, 'libonnxruntime_providers_cuda.so'), 'utf8')).toBe(`cuda ${version}`);
  });

  it('changes nothing and says why when that version is not to be had', () => {
    addWheel('0.0.1');
    const { status, stderr } = install();
    expect(status).toBe(1);
    expect(stderr).toContain(`onnxruntime-gpu==${version}`);
    expect(readdirSync(target)).toEqual([]);
  });

  it('says so when there is no Python', () => {
    const { status, stderr } = install({ PATH: folder });
    expect(status).toBe(1);
    expect(stderr).toBe('The CUDA provider was not installed: python3 was not found\n');
  });
});
