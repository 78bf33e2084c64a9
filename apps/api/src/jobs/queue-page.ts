import { createHash, timingSafeEqual } from 'node:crypto';
import type { Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { ROUTE_NAMES } from '@aerie/inference';
import { JobQueue, JobRepository, WEBHOOK_QUEUE, queueNameOf } from '@aerie/queue';
import { systemClock } from '@aerie/runtime';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { WrongPasswords } from './wrong-passwords.js';

/** Path of the page. */
export const QUEUE_PAGE_PATH = '/queues';

/** The page has one user. */
const USER = 'admin';
/** Limits waits for BullMQ, which waits for an unreachable backend. */
const ANSWER_TIMEOUT_MS = 5_000;
const READING = new Set(['GET', 'HEAD']);

/**
 * Serves Bull Board at /queues if QUEUE_PAGE_PASSWORD is set. It shows BullMQ's queues. It is read-only, because a job's
 * outcome is in the store, which only the API changes.
 */
export function serveQueuePage(app: NestExpressApplication, settings: Settings): void {
  const password = settings.jobs.queuePagePassword;
  if (password === null) return;
  app.use(
    QUEUE_PAGE_PATH,
    askForCredential(
      USER,
      password,
      new WrongPasswords(app.get<ThrottlerStorage>(ThrottlerStorage, { strict: false })),
    ),
    refuseChanges,
    queuePage(app.get(JobQueue), app.get(JobRepository), settings.appName),
  );
}

/** Requires a user and password by HTTP Basic (RFC 7617). Its duration does not reveal which part was right. */
export function askForCredential(user: string, password: string, wrong: WrongPasswords): RequestHandler {
  const wanted = digest(`${user}:${password}`);
  return (request: Request, response: Response, next: NextFunction) => {
    const address = request.context.address;
    const presented = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
    response.setHeader('Cache-Control', 'no-store');
    const retryAfterMs = presented === undefined ? 0 : wrong.waitMs(address);
    if (retryAfterMs > 0) {
      const message = `This address sent too many wrong passwords. Try again in ${String(Math.ceil(retryAfterMs / 1000))} s.`;
      next(new AerieError('RATE_LIMITED', message, { retryAfterMs }));
      return;
    }
    const credential = presented === undefined ? '' : Buffer.from(presented, 'base64').toString('utf8');
    if (timingSafeEqual(digest(credential), wanted)) {
      next();
      return;
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="queues", charset="UTF-8"');
    const refused = new AerieError(
      'UNAUTHORIZED',
      `The queue page requires the user ${user} and its password.`,
    );
    // A browser's first request has no password, which does not count as an attempt.
    const counted = presented === undefined ? Promise.resolve() : wrong.count(address);
    counted.then(() => {
      next(refused);
    }, next);
  };
}

/** A browser also sends its credentials with other sites' forms, so this page must be read-only. */
function refuseChanges(request: Request, _response: Response, next: NextFunction): void {
  if (READING.has(request.method)) next();
  else next(new AerieError('NOT_FOUND', 'The queue page is read-only. Change jobs through the API.'));
}

function queuePage(queue: JobQueue, jobs: JobRepository, appName: string): RequestHandler {
  let board: Express | null = null;
  return (request: Request, response: Response, next: NextFunction) => {
    // BullMQ's queues need a prepared backend, and would wait for an unreachable one.
    if (queue.state !== 'up') {
      next(unavailable());
      return;
    }
    const cancel = systemClock.schedule(ANSWER_TIMEOUT_MS, () => {
      if (!response.headersSent) next(unavailable());
    });
    response.once('close', cancel);
    board ??= createBoard(jobs, appName);
    board(request, response, next);
  };
}

function unavailable(): AerieError {
  return new AerieError('QUEUE_UNAVAILABLE', 'The job queue cannot be reached. Reload the page shortly.');
}

function createBoard(jobs: JobRepository, appName: string): Express {
  const serverAdapter = new ExpressAdapter().setBasePath(QUEUE_PAGE_PATH);
  const names = [...ROUTE_NAMES.map(queueNameOf), WEBHOOK_QUEUE];
  createBullBoard({
    queues: names.map((name) => new BullMQAdapter(jobs.queue(name), { readOnlyMode: true })),
    serverAdapter,
    options: { uiConfig: { boardTitle: `${appName} queues` } },
  });
  const board = serverAdapter.getRouter() as Express;
  board.disable('x-powered-by');
  return board;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
