import type { ServerResponse } from 'node:http';
import { AerieError } from '@aerie/contracts';
import { type Clock, backgroundClock } from '@aerie/runtime';

/** Limits of a stream for silence and slow readers. */
export interface SseStreamOptions {
  /** A comment is sent after this much silence. */
  readonly pingIntervalMs: number;
  /** A client that reads nothing for this long is disconnected. */
  readonly stallTimeoutMs: number;
  /** Called when a client is disconnected. */
  readonly onCut?: () => void;
}

const PING = ': ping\n\n';

/**
 * Server-sent events on a response. At most one event waits beyond the connection's buffer: {@link SseStream.send} holds
 * its caller until the client has caught up, and disconnects a client that does not. The opener of a stream must end it.
 */
export class SseStream {
  readonly #response: ServerResponse;
  readonly #options: SseStreamOptions;
  readonly #clock: Clock;
  #cancelPing = (): void => undefined;

  constructor(response: ServerResponse, options: SseStreamOptions, clock: Clock = backgroundClock) {
    this.#response = response;
    this.#options = options;
    this.#clock = clock;
  }

  /** Sends the headers at once. From then on, failures are events. */
  open(): void {
    const response = this.#response;
    response.statusCode = 200;
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Connection', response.shouldKeepAlive ? 'keep-alive' : 'close');
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    this.#armPing();
    response.once('close', () => this.#cancelPing());
  }

  /**
   * Writes one event and resolves when there is room for the next.
   *
   * @param frame a whole event, its blank line included
   * @throws AerieError CANCELED if the client has left, or was disconnected because it read nothing for the stall time.
   */
  async send(frame: string): Promise<void> {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) throw gone();
    const room = response.write(frame);
    this.#armPing();
    if (!room) await this.#room();
  }

  /** Ends the response. Idempotent. */
  end(): void {
    this.#cancelPing();
    this.#response.end();
  }

  #room(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve, reject) => {
      const settle = (error: AerieError | null): void => {
        cancel();
        response.off('drain', onDrain);
        response.off('close', onClose);
        if (error === null) resolve();
        else reject(error);
      };
      const onDrain = (): void => settle(null);
      const onClose = (): void => settle(gone());
      const cancel = this.#clock.schedule(this.#options.stallTimeoutMs, () => {
        this.#options.onCut?.();
        settle(
          new AerieError(
            'CANCELED',
            'The client read too slowly and was disconnected (STREAM_STALL_TIMEOUT).',
          ),
        );
        response.destroy();
      });
      response.once('drain', onDrain);
      response.once('close', onClose);
    });
  }

  /** Sends a comment after the interval of silence, unless a slow reader still has events to read. */
  #armPing(): void {
    this.#cancelPing();
    this.#cancelPing = this.#clock.schedule(this.#options.pingIntervalMs, () => {
      if (!this.#response.writableNeedDrain) this.#response.write(PING);
      this.#armPing();
    });
  }
}

function gone(): AerieError {
  return new AerieError('CANCELED', 'The caller disconnected before the stream ended.');
}
