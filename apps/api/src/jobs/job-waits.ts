import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { DrainService } from '../http/drain/drain.service.js';
import { requestSignal } from './request-signal.js';

/** Waits that a stop of the server ends early: a poller reads the state as it is and comes back to another instance. */
@Injectable()
export class JobWaits {
  readonly #drain: DrainService;

  constructor(drain: DrainService) {
    this.#drain = drain;
  }

  /** Aborts when the caller leaves or the server stops. */
  signal(response: Response): AbortSignal {
    return AbortSignal.any([requestSignal(response), this.#drain.signal]);
  }
}
