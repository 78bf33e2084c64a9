/**
 * `npm run check:house`: checks that neither the compiler nor ESLint performs. Every finding names its file and line.
 * `--report` shows all findings and always exits with 0.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { dependencies } from './house/dependencies.mjs';
import { doubleExports, unreadMembers } from './house/exports.mjs';
import { circles, foldable, longFiles } from './house/layout.mjs';
import {
  prefixSwitches,
  secondClocks,
  secondLoggers,
  settingDefaults,
  validationErrors,
} from './house/mechanisms.mjs';
import { readRepository } from './house/sources.mjs';

/** `max` is the number of findings that are still allowed. It must only decrease. */
const CHECKS = [
  {
    name: 'double-exports',
    find: doubleExports,
    remedy:
      'One word, one thing: give one of them the name of what it is (docs/architecture.md, glossary), or merge them.',
  },
  {
    name: 'second-clocks',
    find: secondClocks,
    remedy: 'Take a Clock, sleep, within, every or MAX_TIMER_MS of @aerie/runtime.',
  },
  {
    name: 'second-loggers',
    find: secondLoggers,
    remedy: 'Take Logger, or Pick<Logger, ...>, of @aerie/runtime.',
  },
  {
    name: 'dependencies',
    find: dependencies,
    remedy:
      "A package's package.json declares what its sources import, at the root's version, and nothing else.",
  },
  {
    name: 'long-files',
    find: longFiles,
    remedy: 'Split it by what changes together; 150 lines is the aim, 300 the end.',
  },
  { name: 'unread-members', find: unreadMembers, remedy: 'Delete it, or make it private.' },
  { name: 'one-importer', find: foldable, remedy: 'Move it into the file that uses it.' },
  {
    name: 'circles',
    find: circles,
    remedy: 'Move what both folders need into one of them, or into a third.',
  },
  {
    name: 'prefix-switches',
    find: prefixSwitches,
    remedy: 'Declare the behavior on the controller, and read it from there.',
  },
  {
    name: 'validation-errors',
    find: validationErrors,
    remedy: 'Use the one constructor of validation errors.',
  },
  {
    name: 'setting-defaults',
    find: settingDefaults,
    remedy: 'The default stands in libs/config; take the value from the settings.',
  },
];

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const reportOnly = args.includes('--report');
const only = args.filter((arg) => !arg.startsWith('--'));
const startedAt = performance.now();

const repository = readRepository(root);
let failed = 0;
for (const { name, find, remedy, max = 0 } of CHECKS) {
  if (only.length > 0 && !only.includes(name)) continue;
  const findings = find(repository);
  const isFailed = findings.length > max;
  if (isFailed) failed++;
  const allowed = max > 0 ? ` (${max} allowed)` : '';
  console.log(`${isFailed ? 'FAIL' : 'ok  '}  ${name}: ${findings.length}${allowed}`);
  if (!isFailed && !reportOnly) continue;
  for (const { file, line, message } of findings) console.log(`      ${file}:${line}  ${message}`);
  if (findings.length > 0) console.log(`      -> ${remedy}`);
}
console.log(
  `${failed === 0 ? 'The house is in order' : `${failed} checks failed`} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
);
process.exitCode = failed === 0 || reportOnly ? 0 : 1;
