import { describe, expect, it } from '@jest/globals';
import { integerProductsMaySaturate } from './vnni.js';

const cpuInfo = (flags: string) => () =>
  `processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu ${flags} sse2\n`;
const LINUX = { arch: 'x64', os: 'linux' };

describe('sums of products of uint8 and int8', () => {
  it.each(['avx2 avx512_vnni', 'avx_vnni avx2'])('do not saturate on a CPU with %s', (flags) => {
    expect(integerProductsMaySaturate(LINUX, cpuInfo(flags))).toBe(false);
  });

  it('may saturate on a CPU with only AVX2', () => {
    expect(integerProductsMaySaturate(LINUX, cpuInfo('avx2 not_avx_vnni_int8'))).toBe(true);
  });

  it('are assumed to saturate if the CPU is unknown', () => {
    const unreadable = () => {
      throw new Error('ENOENT');
    };
    expect(integerProductsMaySaturate(LINUX, unreadable)).toBe(true);
    expect(integerProductsMaySaturate({ arch: 'x64', os: 'win32' }, cpuInfo('avx_vnni'))).toBe(true);
  });

  it('do not saturate on ARM', () => {
    expect(integerProductsMaySaturate({ arch: 'arm64', os: 'darwin' }, cpuInfo(''))).toBe(false);
  });
});
