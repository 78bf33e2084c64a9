import { embedRestTask } from './embed/embed.rest-task.js';
import { predictRestTask } from './predict/predict.rest-task.js';
import { chatRestTask, generateRestTask } from './text/text.rest-tasks.js';

/** Every task that can be asked for over REST, by the name that routes, jobs and batches know it by. */
export const REST_TASKS = {
  predict: predictRestTask,
  embed: embedRestTask,
  generate: generateRestTask,
  chat: chatRestTask,
} as const;

/** Name of a task of REST. */
export type RestTaskName = keyof typeof REST_TASKS;
