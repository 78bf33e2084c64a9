import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { countRequests } from './count-requests.js';
import { RATE_LIMIT_BUCKET } from './rate-limit.decorator.js';
import type { RateLimitStorage } from './rate-limit.storage.js';

/** Throttles by API key or else by address, and reports the count on every response of a limited route. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  declare protected readonly storageService: RateLimitStorage;

  protected override async handleRequest({
    context,
    limit,
    ttl,
    throttler,
  }: ThrottlerRequest): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const bucket = this.reflector.getAllAndOverride<string | undefined>(RATE_LIMIT_BUCKET, targets);
    if (bucket === undefined || bucket !== throttler.name) return true;
    const http = context.switchToHttp();
    await countRequests(
      this.storageService,
      { bucket, limit, windowMs: ttl },
      http.getRequest<Request>(),
      http.getResponse<Response>(),
    );
    return true;
  }
}
