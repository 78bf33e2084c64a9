import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Delay of an event loop over some time: milliseconds between two samples that should be 1 ms apart.
 *
 * @typedef {{ samples: number, p50Ms: number, p90Ms: number, p99Ms: number, maxMs: number }} LoopDelay
 */

/** The probes of one server report here; see event-loop-probe.mjs. */
export class EventLoopMonitor {
  /** @type {{ pid: number, role: string, read: () => Promise<LoopDelay> }[]} */
  #probes = [];
  #server = createServer((socket) => {
    const lines = createInterface({ input: socket });
    socket.on('error', () => undefined);
    lines.once('line', (hello) => {
      const read = () =>
        new Promise((resolve) => {
          lines.once('line', (line) => {
            resolve(JSON.parse(line));
          });
          socket.write('read\n');
        });
      this.#probes.push({ ...JSON.parse(hello), read });
    });
  });

  /** @returns {Promise<Record<string, string>>} Environment that makes a Node process and its children report here. */
  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return {
      BENCH_PROBE_PORT: String(port),
      NODE_OPTIONS: `--import ${new URL('./event-loop-probe.mjs', import.meta.url).href}`,
    };
  }

  /** The one process that serves HTTP: the cluster's worker, or the only process without a cluster. */
  httpProcess() {
    const workers = this.#probes.filter(({ role }) => role === 'worker');
    const [probe, ...others] = workers.length > 0 ? workers : this.#probes;
    if (!probe || others.length > 0) {
      throw new Error(`One HTTP process was expected, ${probe ? others.length + 1 : 0} reported.`);
    }
    return probe;
  }

  /** Call this once the server has stopped. */
  close() {
    this.#server.close();
  }
}
