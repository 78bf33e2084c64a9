import { z } from 'zod';
import { isUpstreamUrl } from '../upstream/endpoint.js';

const seconds = (most: number, text: string) => z.number().min(0.05).max(most).optional().describe(text);
/** A model's name, as the registry allows them. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** The name of an environment variable, except names with another common meaning. */
const VARIABLE = /^[A-Z][A-Z0-9_]{0,63}$/;

const provider = z
  .strictObject({
    base_url: z
      .string()
      .max(2048)
      .refine(
        isUpstreamUrl,
        'an http or https address without credentials, such as "https://api.openai.com/v1"',
      )
      .describe('Base URL of the API, to which /chat/completions is appended.'),
    api_key_env: z
      .string()
      .regex(VARIABLE, 'the name of an environment variable, such as "VLLM_API_KEY", never the key itself')
      .optional()
      .describe('Variable that holds the key; <NAME>_FILE may name a file with it. Default: no key is sent.'),
    model: z.string().min(1).max(256).describe('Name of the model at the upstream.'),
    extensions: z
      .enum(['vllm'])
      .optional()
      .describe("Sampling parameters beyond OpenAI's that the upstream supports."),
    max_tokens_field: z
      .enum(['max_tokens', 'max_completion_tokens'])
      .optional()
      .describe(
        'Field that limits the tokens of the answer. Default: max_tokens; newer OpenAI models require the other.',
      ),
    text_prompts: z
      .enum(['completions', 'chat'])
      .optional()
      .describe('Route for plain prompts. Default: completions; chat sends them as a user message.'),
    connect_timeout: seconds(300, 'Seconds to open a connection. Default: 5.'),
    first_token_timeout: seconds(
      3600,
      'Seconds until the response begins, including retries. Default: FIRST_TOKEN_TIMEOUT.',
    ),
    idle_timeout: seconds(3600, 'Seconds of silence within a response. Default: 30.'),
    max_connections: z
      .int()
      .min(1)
      .max(65_536)
      .optional()
      .describe('Maximum concurrent requests. Default: 256.'),
    retries: z
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe('Further attempts before the response begins. Default: 2.'),
    circuit: z
      .strictObject({
        failures: z
          .int()
          .min(1)
          .max(1000)
          .optional()
          .describe('Consecutive failures that open the circuit. Default: 5.'),
        failure_rate: z
          .number()
          .gt(0)
          .max(1)
          .optional()
          .describe('Share of failures that opens the circuit. Default: 0.5.'),
        window: z
          .int()
          .min(1)
          .max(10_000)
          .optional()
          .describe('Number of attempts for the share. Default: 20.'),
        open: seconds(3600, 'Seconds until one request may try again. Default: 10.'),
      })
      .optional()
      .describe('When requests to the upstream pause after failures, and its fallbacks serve at once.'),
  })
  .describe("An upstream, which is another server that speaks OpenAI's API, instead of files.");

/** The section of a `text-generation` manifest for a model on an upstream. */
export const upstreamSectionSchema = z.strictObject({
  provider,
  fallbacks: z
    .array(z.string().regex(MODEL_NAME, 'the name of a model'))
    .max(8)
    .refine((names) => new Set(names).size === names.length, 'every name once')
    .default([])
    .describe(
      'Models of this repository that serve, in order, if the upstream cannot. Their own fallbacks are not used.',
    ),
});

/** The section after validation. */
export type UpstreamSection = z.infer<typeof upstreamSectionSchema>;
