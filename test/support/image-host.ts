import { readFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { track } from './running.js';
import { ROOT } from './server-process.js';

type Route = (request: IncomingMessage, response: ServerResponse) => void;

/** A local host for images and for other responses of callers' addresses. */
export class ImageHost {
  readonly #server: Server;
  readonly #routes = new Map<string, Route>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const route = this.#routes.get(request.url ?? '');
      if (route === undefined) response.writeHead(404).end('no such image');
      else route(request, response);
    });
  }

  static async start(): Promise<ImageHost> {
    const host = track(new ImageHost());
    for (const name of ['cat.jpg', 'coffee.jpg', 'rocket.jpg', 'astronaut.jpg'])
      host.serve(`/${name}`, sample(name));
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  /** Such as `127.0.0.1:41234`, for ALLOWED_IMAGE_HOSTS. */
  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  url(path: string): string {
    return `http://${this.address}${path}`;
  }

  serve(path: string, bytes: Buffer, contentType = 'image/jpeg'): void {
    this.route(path, (_request, response) => {
      response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length }).end(bytes);
    });
  }

  route(path: string, route: Route): void {
    this.#routes.set(path, route);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** The bytes of a sample image. */
export function sample(name: string): Buffer {
  return readFileSync(join(ROOT, 'samples', name));
}
