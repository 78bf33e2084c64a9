import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '@aerie/runtime';
import type { TokenizerFile } from '../text/token-bytes.js';

/** The files of a language model besides its weights. Only the tokenizer is required. */
export interface ModelFiles {
  readonly tokenizer: TokenizerFile;
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  /** Source of the chat template; null when the model has none. */
  readonly chatTemplate: string | null;
  readonly generationConfig: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Reads a directory in Hugging Face's layout. */
export function readModelFiles(directory: string): ModelFiles {
  const tokenizer = readJson(directory, 'tokenizer.json');
  if (tokenizer === null || typeof tokenizer.model !== 'object') {
    throw new Error('tokenizer.json is missing beside the model, or is not a tokenizer');
  }
  const tokenizerConfig = readJson(directory, 'tokenizer_config.json') ?? {};
  const inConfig = tokenizerConfig.chat_template;
  return {
    tokenizer: tokenizer as unknown as TokenizerFile,
    tokenizerConfig,
    chatTemplate:
      readOptional(directory, 'chat_template.jinja') ?? (typeof inConfig === 'string' ? inConfig : null),
    generationConfig: readJson(directory, 'generation_config.json') ?? {},
    config: readJson(directory, 'config.json') ?? readGenaiConfig(directory),
  };
}

/** Ids of the tokens that end a text: as the generation config says, else the tokenizer's own. */
export function eosIdsOf(files: ModelFiles): ReadonlySet<number> {
  const configured = files.generationConfig.eos_token_id ?? files.config.eos_token_id;
  const ids = (Array.isArray(configured) ? configured : [configured]).filter((id) => typeof id === 'number');
  if (ids.length > 0) return new Set(ids);
  const id = tokenIdOf(files, namedToken(files, 'eos_token'));
  return new Set(id === null ? [] : [id]);
}

/** Text of a token that the tokenizer's config names, such as `bos_token`; empty when it names none. */
export function namedToken(files: ModelFiles, name: string): string {
  const token = files.tokenizerConfig[name];
  if (typeof token === 'string') return token;
  const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : null;
  return typeof content === 'string' ? content : '';
}

/** Id of an added token, by its text. */
export function tokenIdOf(files: ModelFiles, content: string): number | null {
  return files.tokenizer.added_tokens?.find((token) => token.content === content)?.id ?? null;
}

/** Reads the file that onnxruntime-genai's builder writes instead of config.json, with the names of config.json. */
function readGenaiConfig(directory: string): Readonly<Record<string, unknown>> {
  const model = recordOf(readJson(directory, 'genai_config.json')?.model);
  const decoder = recordOf(model.decoder);
  return { ...decoder, head_dim: decoder.head_size, eos_token_id: model.eos_token_id };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function readOptional(directory: string, name: string): string | null {
  const path = join(directory, name);
  return existsSync(path) ? readTextFile(path) : null;
}

function readJson(directory: string, name: string): Record<string, unknown> | null {
  const text = readOptional(directory, name);
  if (text === null) return null;
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Record<string, unknown>;
  throw new Error(`${name} must hold a JSON object`);
}
