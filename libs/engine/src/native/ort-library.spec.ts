import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ortLibraryPath } from './ort-library.js';

describe('the path of the library', () => {
  it.each([
    ['linux', 'x64', 'libonnxruntime.so.1'],
    ['linux', 'arm64', 'libonnxruntime.so.1'],
    ['darwin', 'arm64', 'libonnxruntime.1.dylib'],
    ['win32', 'x64', 'onnxruntime.dll'],
    ['win32', 'arm64', 'onnxruntime.dll'],
  ])('exists in the package for %s on %s', (os, arch, name) => {
    const path = ortLibraryPath({ os, arch });
    expect(path.endsWith(name)).toBe(true);
    expect(existsSync(path)).toBe(true);
  });
});
