import { REST_ROUTES } from '@aerie/inference';
import { JobsModule } from '@aerie/jobs';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ApiHttpModule } from '../http/api-http.module.js';
import { JobEventsController } from './job-events.controller.js';
import { JobWaits } from './job-waits.js';
import { JobsController } from './jobs.controller.js';
import { RespondAsyncInterceptor } from './respond-async.interceptor.js';
import { SubmissionReader } from './submission.reader.js';
import { submitControllerOf } from './submit.controller.js';
import { SubmitService } from './submit.service.js';

/** Jobs over REST. */
@Module({})
export class ApiJobsModule {
  /** @param runsJobs whether this server runs jobs */
  static forRoot(runsJobs: boolean): DynamicModule {
    return {
      module: ApiJobsModule,
      global: true,
      imports: [JobsModule.forRoot(runsJobs), ApiHttpModule],
      controllers: [...REST_ROUTES.map(submitControllerOf), JobsController, JobEventsController],
      providers: [
        SubmissionReader,
        SubmitService,
        JobWaits,
        { provide: APP_INTERCEPTOR, useClass: RespondAsyncInterceptor },
      ],
      exports: [JobsModule, SubmissionReader],
    };
  }
}
