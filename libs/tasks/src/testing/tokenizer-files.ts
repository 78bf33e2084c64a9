import { fileURLToPath } from 'node:url';

const at = (file: string): string =>
  fileURLToPath(new URL(`../../../../models/minilm-l6-v2/${file}`, import.meta.url));

/** The tokenizer of the served model, whose definition has a truncation and a padding of 128. */
export const TOKENIZER_PATH = at('tokenizer.json');
export const TOKENIZER_CONFIG_PATH = at('tokenizer_config.json');
