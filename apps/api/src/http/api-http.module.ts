import { HttpModule } from '@aerie/http';
import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ApiKeyGuard } from './auth/api-key.guard.js';
import { BodyInterceptor } from './body/body.interceptor.js';
import { RequestValidationPipe } from './errors/request-validation.pipe.js';
import { RateLimitGuard } from './rate-limit/rate-limit.guard.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';

/** Shared by all routes, in this order: key, rate limit, body, validation. */
@Module({
  imports: [HttpModule, RateLimitModule],
  providers: [
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
    { provide: APP_PIPE, useClass: RequestValidationPipe },
  ],
  exports: [HttpModule, RateLimitModule],
})
export class ApiHttpModule {}
