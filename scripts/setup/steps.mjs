import { spawn } from 'node:child_process';
import os from 'node:os';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const LINE_EVERY_MS = 15_000;
/** Signals that end child processes first. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Prints one line for the user, to stderr because stdout belongs to the program. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/**
 * Runs a command as a named step. Shows that it is running and for how long, and its output only if it fails, which ends
 * the process. A signal to this process ends the command first.
 */
export async function runStep({ name, command, args, hint }) {
  const startedAt = performance.now();
  const stopProgress = showProgress(name, startedAt);
  const { code, signal, output } = await run(command, args);
  stopProgress();
  if (code === 0) {
    say(`${name}: done in ${seconds(startedAt)}`);
    return;
  }
  if (output !== '') say(output.trimEnd());
  say(`${name}: failed after ${seconds(startedAt)} (${signal ?? `exit code ${code}`}). ${hint}`);
  process.exit(1);
}

function run(command, args) {
  return new Promise((resolve) => {
    const shell = command.endsWith('.cmd');
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell,
    });
    let output = '';
    const collect = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);

    const onSignal = (received) => {
      child.kill(received);
      child.once('close', () => process.exit(128 + os.constants.signals[received]));
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
    const finish = (result) => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
      resolve({ ...result, output });
    };
    child.once('error', (error) => {
      output += error.message;
      finish({ code: null, signal: null });
    });
    child.once('close', (code, signal) => finish({ code, signal }));
  });
}

/** A spinner on a terminal, an occasional line elsewhere. Returns a function that ends it. */
function showProgress(name, startedAt) {
  const terminal = process.stderr.isTTY === true;
  if (!terminal) say(`${name} ...`);
  let frame = 0;
  const draw = () => {
    if (terminal)
      process.stderr.write(`\r\x1b[2K${SPINNER[frame++ % SPINNER.length]} ${name} ${seconds(startedAt)}`);
    else say(`${name} ... ${seconds(startedAt)}`);
  };
  const timer = setInterval(draw, terminal ? FRAME_MS : LINE_EVERY_MS);
  return () => {
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[2K');
  };
}
