import { Module } from '@nestjs/common';
import { BatchReader } from './batch.reader.js';
import { BatchesController } from './batches.controller.js';

/** Job batches over REST, on what ApiJobsModule provides to the whole server. */
@Module({ controllers: [BatchesController], providers: [BatchReader] })
export class BatchesModule {}
