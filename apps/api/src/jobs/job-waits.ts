import { DrainService } from '@aerie/http';
import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { requestSignal } from './request-signal.js';

/** Waits that end early when the server stops: a poller gets the current state and can continue at another server. */
@Injectable()
export class JobWaits {
  readonly #drain: DrainService;

  constructor(drain: DrainService) {
    this.#drain = drain;
  }

  /** Aborts when the caller disconnects or the server stops. */
  signal(response: Response): AbortSignal {
    return AbortSignal.any([requestSignal(response), this.#drain.signal]);
  }
}
