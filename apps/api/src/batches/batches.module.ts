import { Module } from '@nestjs/common';
import { RateLimitModule } from '../http/rate-limit/rate-limit.module.js';
import { BatchReader } from './batch.reader.js';
import { BatchesController } from './batches.controller.js';

/** Job batches over REST. ApiJobsModule provides their dependencies to the whole server. */
@Module({ imports: [RateLimitModule], controllers: [BatchesController], providers: [BatchReader] })
export class BatchesModule {}
