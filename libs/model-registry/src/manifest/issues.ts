import { shorten } from '@aerie/contracts';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** Fields whose wrong values may contain a secret: an address with a password, a key instead of its name. */
const UNTOLD: ReadonlySet<string> = new Set(['base_url', 'api_key_env']);

/** Problems of a manifest, one line each: the field, what was expected and what was found. */
export function describeIssues(
  issues: readonly Issue[],
  input: unknown,
  prefix: readonly string[] = [],
): string[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key) => `${[...path, key].join('.')}: is not a known field; check its spelling and the task`,
      );
    }
    const expected = `${path.join('.')}: expected ${expectation(issue)}`;
    if (UNTOLD.has(path.at(-1) ?? '')) return [expected];
    return [`${expected}, got ${printable(valueAt(input, issue))}`];
  });
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'another name';
  if (issue.code === 'invalid_union') {
    return [...new Set(issue.errors.flat().map(expectation))].join(' or ') || 'another value';
  }
  return issue.message
    .replace(/^Invalid (input|option): expected /, '')
    .replace(/, received [\w ]+$/, '')
    .replace(/^(Too (small|big)): expected \w+ to (be|have) /, '')
    .replace(/^Invalid /, 'a valid ');
}

function valueAt(input: unknown, issue: Issue): unknown {
  if (issue.code === 'invalid_key') return issue.path.at(-1);
  return issue.path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as never)[key] : undefined),
    input,
  );
}

function printable(value: unknown): string {
  if (value === undefined) return 'nothing';
  return shorten(JSON.stringify(value), 80);
}
