/**
 * Prepares `npm start` and `npm test`: installs the packages of package-lock.json and brings the build up to date.
 * Uses plain Node, because a fresh clone has no packages. If nothing has changed, it only reads file times.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildStamp, forgetBuild, isBuilt, markBuilt } from './setup/build-state.mjs';
import { isInstalled, markInstalled } from './setup/install-state.mjs';
import { withLock } from './setup/lock.mjs';
import { runStep, say } from './setup/steps.mjs';

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const OLDEST_NODE = [20, 19];

/** Ends the process with a message if this Node is too old for the dependencies. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  say(`Node ${OLDEST_NODE.join('.')} or newer is required; this is Node ${process.versions.node}.`);
  say('Install a newer version (https://nodejs.org), then run the same command again.');
  process.exit(1);
}

/**
 * Installs and builds whatever is missing or out of date. If two processes do this at once, the second waits for the first.
 * If a step fails, ends the process with the reason.
 */
export async function setUp() {
  checkNode();
  process.chdir(ROOT);
  if (isReady()) return;
  mkdirSync('.aerie', { recursive: true });
  await withLock(ROOT, async () => {
    if (!isInstalled()) await install();
    if (!isBuilt()) await build();
  });
}

function isReady() {
  return isInstalled() && isBuilt();
}

async function install() {
  const first = !existsSync('node_modules');
  const { command, args } = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  await runStep({
    name: first
      ? 'Installing packages (npm ci; once, about a minute)'
      : 'Installing packages (npm ci; package-lock.json changed)',
    command,
    args,
    hint: 'Is the package registry reachable from here? `npm ci` shows more.',
  });
  markInstalled();
}

async function build() {
  // Read before the build, so that a file changed meanwhile counts as newer than the build.
  const stamp = buildStamp();
  forgetBuild();
  await runStep({
    name: 'Building (tsc -b)',
    command: process.execPath,
    args: [createRequire(import.meta.url).resolve('typescript/bin/tsc'), '-b'],
    hint: 'The sources do not compile; see the errors above.',
  });
  markBuilt(stamp);
}

/** The npm that runs this script, or the one on the PATH; started without a shell if possible. */
function npm(args) {
  const own = process.env.npm_execpath;
  if (own !== undefined && /npm-cli\.[cm]?js$/.test(own) && existsSync(own)) {
    return { command: process.execPath, args: [own, ...args] };
  }
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args };
}
