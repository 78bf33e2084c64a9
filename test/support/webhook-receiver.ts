import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A received delivery. */
export interface ReceivedWebhook {
  readonly path: string;
  readonly id: string;
  readonly event: {
    readonly id: string;
    readonly sequence: number;
    readonly type: string;
    readonly data: { readonly job_id: string; readonly status: string };
  };
}

/** Receives webhooks and verifies them with the reference library of Standard Webhooks. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  readonly refused: string[] = [];
  readonly #server: Server;
  readonly #waiters = new Set<() => void>();
  /** The status for each delivery, by its number from 0. */
  answer: (count: number, path: string) => number = () => 204;

  private constructor(secret: string) {
    const webhook = new Webhook(secret);
    let count = 0;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const headers = request.headers as Record<string, string>;
        try {
          webhook.verify(body, headers);
          this.received.push({
            path: request.url ?? '',
            id: headers['webhook-id'] ?? '',
            event: JSON.parse(body) as ReceivedWebhook['event'],
          });
        } catch (error) {
          this.refused.push((error as Error).message);
        }
        response.writeHead(this.answer(count++, request.url ?? '')).end();
        for (const wake of this.#waiters) wake();
      });
    });
  }

  static async start(secret: string): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(secret);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  url(path = '/'): string {
    return `http://${this.address}${path}`;
  }

  /** Resolves when `done` is true for the deliveries. */
  async until(done: (received: readonly ReceivedWebhook[]) => boolean): Promise<void> {
    while (!done(this.received)) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiters.delete(wake);
          resolve();
        };
        this.#waiters.add(wake);
      });
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
