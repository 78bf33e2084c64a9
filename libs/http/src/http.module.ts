import { SETTINGS, type Settings } from '@aerie/config';
import { LOGGER, type PinoLogger } from '@aerie/observability';
import { Module } from '@nestjs/common';
import { APP_FILTER, DiscoveryModule } from '@nestjs/core';
import { DrainService } from './drain.service.js';
import { ErrorEnvelopeFilter } from './errors/error-envelope.filter.js';
import { ProtocolRegistry } from './errors/protocol.registry.js';

/** The shape of errors and the drain, for every HTTP application. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ProtocolRegistry,
    {
      provide: DrainService,
      inject: [SETTINGS, LOGGER],
      useFactory: (settings: Settings, logger: PinoLogger) => new DrainService(settings, logger),
    },
    { provide: APP_FILTER, useClass: ErrorEnvelopeFilter },
  ],
  exports: [DrainService],
})
export class HttpModule {}
