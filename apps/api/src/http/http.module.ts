import { SETTINGS, type Settings } from '@aerie/config';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { ApiKeyGuard } from './auth/api-key.guard.js';
import { BodyInterceptor } from './body/body.interceptor.js';
import { DrainService } from './drain/drain.service.js';
import { ErrorEnvelopeFilter } from './errors/error-envelope.filter.js';
import { ProtocolRegistry } from './errors/protocol.registry.js';
import { RequestValidationPipe } from './errors/request-validation.pipe.js';
import { RateLimitGuard } from './rate-limit/rate-limit.guard.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';

/** Shared by all routes, in this order: key, rate limit, body, validation; the filter handles failures. */
@Module({
  imports: [RateLimitModule, DiscoveryModule],
  providers: [
    ProtocolRegistry,
    {
      provide: DrainService,
      inject: [SETTINGS, LOGGER],
      useFactory: (settings: Settings, logger: PinoLogger) => new DrainService(settings, logger),
    },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
    { provide: APP_PIPE, useClass: RequestValidationPipe },
    { provide: APP_FILTER, useClass: ErrorEnvelopeFilter },
  ],
  exports: [DrainService, RateLimitModule],
})
export class HttpModule {}
