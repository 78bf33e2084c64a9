import { createHash, timingSafeEqual } from 'node:crypto';
import type { Settings } from '@aerie/config';
import { AerieError } from '@aerie/contracts';
import { JOB_TASKS } from '@aerie/jobs';
import { JobQueue, JobRepository, WEBHOOK_QUEUE, queueNameOf } from '@aerie/queue';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { WrongPasswords } from './wrong-passwords.js';

/** Where the page is. */
export const QUEUE_PAGE_PATH = '/queues';

/** The page has one user. */
const USER = 'admin';
/** A backend that goes away leaves BullMQ waiting. */
const ANSWER_TIMEOUT_MS = 5_000;
const READING = new Set(['GET', 'HEAD']);

/**
 * Serves Bull Board at /queues where QUEUE_PAGE_PASSWORD is set. It shows BullMQ's queues and changes nothing: what
 * became of a job is in the store, which is changed through the API alone.
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

/** Asks for a user and password by HTTP Basic (RFC 7617). How long it takes tells nothing about what was right. */
export function askForCredential(user: string, password: string, wrong: WrongPasswords): RequestHandler {
  const wanted = digest(`${user}:${password}`);
  return (request: Request, response: Response, next: NextFunction) => {
    const address = request.context.address;
    const presented = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
    response.setHeader('Cache-Control', 'no-store');
    const retryAfterMs = presented === undefined ? 0 : wrong.waitMs(address);
    if (retryAfterMs > 0) {
      const message = `Too many wrong passwords came from this address. Try again in ${String(Math.ceil(retryAfterMs / 1000))} s.`;
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
      `The page of the queues asks for user ${user} and its password.`,
    );
    // A browser's first request has none: that is no try.
    const counted = presented === undefined ? Promise.resolve() : wrong.count(address);
    counted.then(() => {
      next(refused);
    }, next);
  };
}

/** A browser sends its credential along with other sites' forms, too: nothing can be changed here. */
function refuseChanges(request: Request, _response: Response, next: NextFunction): void {
  if (READING.has(request.method)) next();
  else next(new AerieError('NOT_FOUND', 'The page of the queues only shows. Change jobs through the API.'));
}

function queuePage(queue: JobQueue, jobs: JobRepository, appName: string): RequestHandler {
  let board: Express | null = null;
  return (request: Request, response: Response, next: NextFunction) => {
    // BullMQ's queues want a backend that is prepared, and would wait for one that is away.
    if (queue.state !== 'up') {
      next(unavailable());
      return;
    }
    const timer = setTimeout(() => {
      if (!response.headersSent) next(unavailable());
    }, ANSWER_TIMEOUT_MS);
    response.once('close', () => clearTimeout(timer));
    board ??= createBoard(jobs, appName);
    board(request, response, next);
  };
}

function unavailable(): AerieError {
  return new AerieError('QUEUE_UNAVAILABLE', 'The job queue cannot be reached. Look again shortly.');
}

function createBoard(jobs: JobRepository, appName: string): Express {
  const serverAdapter = new ExpressAdapter().setBasePath(QUEUE_PAGE_PATH);
  const names = [...JOB_TASKS.map(queueNameOf), WEBHOOK_QUEUE];
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
