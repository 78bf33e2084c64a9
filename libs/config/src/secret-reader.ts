import { resolve } from 'node:path';
import { type Variables, readEnvFile } from './env-file.js';
import { readTextFile } from '@aerie/runtime';

/** Reads a secret by the name of its variable; null if it is not set. */
export type ReadSecret = (name: string) => string | null;

/**
 * Reads secrets that manifests name, from the variable `NAME` or the file that `NAME_FILE` names. The environment takes
 * precedence over `.env`, as for settings.
 *
 * @returns a function that throws an Error naming the variable if its file cannot be read.
 */
export function createSecretReader(
  variables: Variables = process.env,
  directory: string = process.cwd(),
): ReadSecret {
  const given = { ...readEnvFile(directory), ...variables };
  return (name) => {
    const value = given[name]?.trim() ?? '';
    if (value !== '') return value;
    const file = given[`${name}_FILE`]?.trim() ?? '';
    if (file === '') return null;
    try {
      const text = readTextFile(resolve(directory, file)).trim();
      return text === '' ? null : text;
    } catch (cause) {
      throw new Error(`${name}_FILE: expected a readable file`, { cause });
    }
  };
}
