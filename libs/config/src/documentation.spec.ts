import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { environmentSchema } from './environment.schema.js';
import { SECRETS, loadSettings } from './load-settings.js';

interface Entry {
  readonly name: string;
  readonly fallback: string;
  readonly meaning: string;
}

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

const EXAMPLE: readonly Entry[] = [
  ...read('.env.example').matchAll(/^# (?!---)(.+)\n#([A-Z_]+)=(.*)$/gm),
].map(([, meaning = '', name = '', fallback = '']) => ({ name, fallback, meaning }));

const TABLE: readonly Entry[] = [
  ...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` *\| (?:`([^`]*)`|\(none\)) *\| (.+?)\.? *\|$/gm),
].map(([, name = '', fallback = '', meaning = '']) => ({ name, fallback, meaning }));

const EXPECTED = [
  ...Object.keys(environmentSchema.shape),
  ...[...SECRETS].map((secret) => `${secret}_FILE`),
].sort();

/** A folder without a `.env`. */
const FOLDER = import.meta.dirname;

describe.each([
  ['.env.example', EXAMPLE],
  ['docs/configuration.md', TABLE],
])('%s', (_, entries) => {
  it('lists every variable once', () => {
    expect(entries.map(({ name }) => name).sort()).toEqual(EXPECTED);
  });

  it('says what each variable means', () => {
    for (const { name, meaning } of entries) expect([name, meaning.length > 10]).toEqual([name, true]);
  });

  it('gives the actual defaults', () => {
    const defaults = loadSettings({}, FOLDER);
    for (const { name, fallback } of entries) {
      if (fallback === '') continue;
      expect([name, loadSettings({ [name]: fallback }, FOLDER)]).toEqual([name, defaults]);
    }
  });

  it('leaves only variables without a default blank', () => {
    const blank = entries.filter(({ fallback }) => fallback === '').map(({ name }) => name);
    expect(blank.sort()).toEqual([
      'ALLOWED_HOSTS',
      'ALLOWED_IMAGE_HOSTS',
      'ALLOWED_WEBHOOK_HOSTS',
      'API_KEYS',
      'API_KEYS_FILE',
      'CHAT_MODEL',
      'CORS_ORIGINS',
      'DATABASE_URL',
      'DATABASE_URL_FILE',
      'MODEL_LINKS',
      'OPENAI_API_KEY',
      'OPENAI_API_KEY_FILE',
      'OPENAI_BASE_URL',
      'OPENAI_BASE_URL_FILE',
      'QUEUE_PAGE_PASSWORD',
      'QUEUE_PAGE_PASSWORD_FILE',
      'REDIS_URL',
      'REDIS_URL_FILE',
      'WEBHOOK_SECRET',
      'WEBHOOK_SECRET_FILE',
    ]);
  });
});

it('.env.example sets nothing until a line is uncommented', () => {
  expect(
    read('.env.example')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')),
  ).toEqual([]);
});

it('.env.example and docs/configuration.md say the same', () => {
  expect(TABLE).toEqual(EXAMPLE);
});
