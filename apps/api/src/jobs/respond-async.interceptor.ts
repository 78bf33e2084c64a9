import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { type Observable, from } from 'rxjs';
import { MAX_WAIT_S } from './dto/job.dto.js';
import { type JobRoute, MAY_BE_JOB } from './may-be-job.decorator.js';
import { parsePrefer } from './prefer.js';
import { SubmitService } from './submit.service.js';

/** Turns requests that prefer it into jobs. Runs after the body has been read, like the routes themselves. */
@Injectable()
export class RespondAsyncInterceptor implements NestInterceptor {
  readonly #reflector: Reflector;
  readonly #submit: SubmitService;

  constructor(reflector: Reflector, submit: SubmitService) {
    this.#reflector = reflector;
    this.#submit = submit;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.#reflector.get<JobRoute | undefined>(MAY_BE_JOB, context.getHandler());
    if (route === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<Request>();
    if (!parsePrefer(request.get('prefer'), MAX_WAIT_S).respondAsync) return next.handle();
    return from(this.#answer(route, request, context.switchToHttp().getResponse<Response>()));
  }

  async #answer({ task, answersItself }: JobRoute, request: Request, response: Response): Promise<unknown> {
    const body = await this.#submit.submit(task, request, response);
    if (answersItself) response.json(body);
    return body;
  }
}
