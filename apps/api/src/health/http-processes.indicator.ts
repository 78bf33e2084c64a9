import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { HealthIndicatorService } from '@nestjs/terminus';
import { type HttpProcessesMessage, isMessage } from '../supervisor/messages.js';
import type { SupervisorChannel } from '../supervisor/supervisor-channel.js';

/** The HTTP processes of the server, counted by their supervisor. */
export class HttpProcessesIndicator implements OnModuleInit, OnApplicationShutdown {
  readonly #channel: SupervisorChannel | null;
  readonly #indicators: HealthIndicatorService;
  /** Null until the supervisor has reported them. */
  #counts: Omit<HttpProcessesMessage, 'type'> | null = null;

  constructor(channel: SupervisorChannel | null, indicators: HealthIndicatorService) {
    this.#channel = channel;
    this.#indicators = indicators;
  }

  onModuleInit(): void {
    this.#channel?.on('message', this.#heard);
  }

  onApplicationShutdown(): void {
    this.#channel?.off('message', this.#heard);
  }

  /** degraded: a process is missing or does not accept connections yet. */
  check() {
    const indicator = this.#indicators.check('http_processes');
    if (this.#counts === null) return indicator.up();
    const { up, wanted, restarts } = this.#counts;
    return up < wanted
      ? indicator.degraded({ up, wanted, restarts })
      : indicator.up({ up, wanted, restarts });
  }

  readonly #heard = (message: unknown): void => {
    if (isMessage(message, 'http-processes')) this.#counts = message;
  };
}
