import { spawn } from 'node:child_process';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const LINE_EVERY_MS = 15_000;

/** Prints one line for the user, to stderr because stdout belongs to the program. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/**
 * Runs a command as a named step: shows that it is running and for how long, hides its output, and shows
 * that only if it fails, which ends the process. A signal to this process ends the command first.
 */
export async function runStep({ name, command, args, env, hint }) {
  const startedAt = performance.now();
  const stopProgress = showProgress(name, startedAt);
  const { code, signal, output } = await run(command, args, env);
  stopProgress();
  if (code === 0) {
    say(`${name}: done in ${seconds(startedAt)}`);
    return;
  }
  if (output !== '') say(output.trimEnd());
  say(`${name}: failed after ${seconds(startedAt)} (${signal ?? `exit code ${code}`}). ${hint}`);
  process.exit(1);
}

function run(command, args, env) {
  return new Promise((resolve) => {
    const shell = command.endsWith('.cmd');
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      shell,
    });
    let output = '';
    const collect = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);

    const onSignal = (received) => {
      child.kill(received);
      child.once('close', () => process.exit(received === 'SIGINT' ? 130 : 143));
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    const finish = (result) => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
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
