import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JobProcessors } from '@aerie/queue';
import type { ModelRegistry } from '@aerie/model-registry';
import type { Metrics } from '@aerie/observability';

/** What the health server looks at. */
export interface HealthSources {
  readonly workers: JobProcessors;
  readonly registry: ModelRegistry;
  readonly metrics: Metrics;
  /** A model that has work and finishes none for so long fails /health/live. */
  readonly livenessTimeoutMs: number;
}

/** Health and metrics of a worker, on a port of their own. */
export class HealthServer {
  readonly #sources: HealthSources;
  readonly #server: Server;
  #draining = false;

  constructor(sources: HealthSources) {
    this.#sources = sources;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        response.writeHead(500).end();
      });
    });
  }

  /** Resolves with the port it listens on. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Not ready from now on. */
  drain(): void {
    this.#draining = true;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (request.url?.split('?')[0]) {
      case '/health':
        await this.#health(response);
        return;
      case '/health/live':
        send(response, this.#alive() ? 200 : 503, { status: this.#alive() ? 'alive' : 'stalled' });
        return;
      case '/health/ready': {
        const ready = !this.#draining && (await this.#sources.workers.health()).queue === 'up';
        send(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready' });
        return;
      }
      case '/metrics':
        response.writeHead(200, { 'content-type': this.#sources.metrics.registry.contentType });
        response.end(await this.#sources.metrics.registry.metrics());
        return;
      default:
        send(response, 404, {
          error: 'NOT_FOUND',
          message: 'See /health, /health/live, /health/ready, /metrics.',
        });
    }
  }

  async #health(response: ServerResponse): Promise<void> {
    const workers = await this.#sources.workers.health();
    const alive = this.#alive();
    const status = !alive ? 'unhealthy' : workers.queue === 'down' ? 'degraded' : 'healthy';
    send(response, alive ? 200 : 503, { status, draining: this.#draining, ...workers });
  }

  #alive(): boolean {
    const { registry, livenessTimeoutMs } = this.#sources;
    return registry.health().models.every(({ stalledForMs }) => (stalledForMs ?? 0) < livenessTimeoutMs);
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
