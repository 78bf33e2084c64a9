import { REST_TASKS, type RestTaskName } from '@aerie/inference';

/** A kind of work that can be a job. */
export type JobTaskName = RestTaskName;

/** Kinds of work that can be a job. Each is also a synchronous route of the same body. */
export const JOB_TASKS = Object.keys(REST_TASKS) as readonly JobTaskName[];
