import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { ConfigurationError, type ConfigurationProblem } from '../configuration.error.js';
import type { Settings } from '../settings.js';

/** Files that a process opens besides its connections, for models, threads and the queue. */
const OTHER_FILES = 128;
const LIMITS = '/proc/self/limits';

/**
 * Checks the machine against the settings: the models folder exists, the port is free, and the process may open
 * MAX_CONNECTIONS connections.
 *
 * @param portName variable of the port that this process listens on
 * @throws ConfigurationError naming every variable that cannot be used here
 */
export async function checkStart(settings: Settings, portName: 'PORT' | 'WORKER_PORT'): Promise<void> {
  const port = portName === 'PORT' ? settings.http.port : settings.jobs.workerPort;
  const problems = [
    modelPathProblem(settings.models.path),
    portName === 'PORT' ? openFilesProblem(settings.http.maxConnections) : null,
    await listenProblem(settings.http.host, port, portName),
  ].filter((problem) => problem !== null);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function modelPathProblem(path: string): ConfigurationProblem | null {
  const problem = (what: string) => ({
    name: 'MODEL_PATH',
    expected: 'a readable folder',
    received: `${path}, ${what}`,
  });
  try {
    if (!statSync(path).isDirectory()) return problem('which is not a folder');
    accessSync(path, constants.R_OK | constants.X_OK);
    return null;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return problem('which does not exist');
    return problem(code === 'EACCES' ? 'which this user may not read' : `which cannot be read (${code})`);
  }
}

function openFilesProblem(maxConnections: number): ConfigurationProblem | null {
  // On other systems, reading the limit takes a slow diagnostic report.
  if (!existsSync(LIMITS)) return null;
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(LIMITS, 'utf8'))?.[1] ?? Infinity);
  if (maxConnections + OTHER_FILES <= limit) return null;
  return {
    name: 'MAX_CONNECTIONS',
    expected: `at most ${Math.max(1, limit - OTHER_FILES)}, as a process may open ${limit} files here (ulimit -n)`,
    received: String(maxConnections),
  };
}

/** Listens for a moment, so that a port in use is reported before any model is loaded. */
async function listenProblem(
  host: string,
  port: number,
  portName: string,
): Promise<ConfigurationProblem | null> {
  const server = createServer();
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => {
      resolve(null);
    });
  });
  if (error === null) {
    await new Promise((resolve) => server.close(resolve));
    return null;
  }
  const { code = error.message } = error;
  switch (code) {
    case 'EADDRINUSE':
      return { name: portName, expected: 'a free port', received: `${port}, which another process uses` };
    case 'EACCES':
      return { name: portName, expected: 'a port that this user may use', received: String(port) };
    default:
      return {
        name: 'HOST',
        expected: 'an address of this machine',
        received: `${JSON.stringify(host)} (${code})`,
      };
  }
}
