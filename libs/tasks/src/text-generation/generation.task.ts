import type { Task } from '../task-definition.js';

/**
 * Prompts and chats to text. Its models run in an engine of their own, or on another server: libs/generation,
 * libs/providers.
 */
export const textGenerationTask: Task<'text-generation'> = {
  kind: 'text-generation',
  description: 'Chats and continues texts.',
  detect: ({ config }) =>
    Promise.resolve(config.architectures.some((name) => name.endsWith('ForCausalLM')) ? {} : null),
};
