import type { Task } from '../task-definition.js';
import { type TextRoute, chatRoute, generateRoute } from './text.routes.js';

/** A task whose models write text, in an engine of their own or on another server: libs/generation, libs/upstreams. */
export interface TextTask extends Task<'text-generation'> {
  readonly routes: readonly TextRoute[];
}

/** Prompts and chats to text. */
export const textGenerationTask: TextTask = {
  kind: 'text-generation',
  description: 'Chats and continues texts.',
  routes: [generateRoute, chatRoute],
  detect: ({ config }) =>
    Promise.resolve(config.architectures.some((name) => name.endsWith('ForCausalLM')) ? {} : null),
};
