import { describe, expect, it } from '@jest/globals';
import { mayServe } from './may-serve.js';
import type { VersionHealth } from './model-description.js';

const version = (
  state: VersionHealth['state'],
  { error = null, eager = true }: Partial<VersionHealth> = {},
) => ({ state, error, eager }) as VersionHealth;
const READY = version('ready');
const LOADING = version('loading');
const FAILED = version('failed', { error: 'no' });
const LAZY = version('unloaded', { eager: false });
const UNUSABLE = [{ name: 'm', reason: 'no manifest' }];

describe('mayServe', () => {
  it.each([
    ['no models, and nothing that could be one', [], 'all', true],
    ['every eager version ready', [READY, LAZY], 'all', true],
    ['an eager version that loads', [READY, LOADING], 'any', false],
    ['one that failed beside a ready one, where any is enough', [READY, FAILED], 'any', true],
    ['one that failed beside a ready one, where all are required', [READY, FAILED], 'all', false],
    ['only versions that failed', [FAILED, LAZY], 'any', false],
  ] as const)('with %s', (_case, models, requireModels, expected) => {
    expect(mayServe(models, [], requireModels)).toBe(expected);
  });

  it('not with unusable folders alone, but with them beside a model', () => {
    expect(mayServe([], UNUSABLE, 'any')).toBe(false);
    expect(mayServe([READY], UNUSABLE, 'any')).toBe(true);
  });
});
