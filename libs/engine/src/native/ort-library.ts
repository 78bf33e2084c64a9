import { createRequire } from 'node:module';
import path from 'node:path';
import type { ProviderPlatform } from '../providers/resolve-providers.js';

/** Path of the ONNX Runtime library that the package onnxruntime-node ships for a platform. */
export function ortLibraryPath({ os, arch }: ProviderPlatform, packageFolder = ortPackageFolder()): string {
  return path.join(packageFolder, 'bin', 'napi-v6', os, arch, libraryName(os));
}

function libraryName(os: string): string {
  switch (os) {
    case 'win32':
      return 'onnxruntime.dll';
    case 'darwin':
      return 'libonnxruntime.1.dylib';
    default:
      return 'libonnxruntime.so.1';
  }
}

function ortPackageFolder(): string {
  return path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
}
