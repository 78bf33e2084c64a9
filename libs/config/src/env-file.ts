import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigurationError, type ConfigurationProblem } from './configuration.error.js';
import { TextFileError, readTextFile } from '@aerie/runtime';

/** The environment, or an object in its place. */
export type Variables = Readonly<Record<string, string | undefined>>;

const FILE = '.env';

/** Spaces and a comment, up to the end of the line. */
const BLANK = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
/** The start of an assignment; the group is its name. */
const NAME = /[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*=[^\S\n]*/y;
/** A quoted value, which may hold line ends. */
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`/y;
const REST_OF_LINE = /[^\n]*(?:\n|$)/y;

/**
 * The variables of the `.env` file in `directory`, if there is one, in dotenv's syntax: `NAME=value`, optionally after
 * `export`. `#` begins a comment. A quoted value may contain `#` and line ends; in double quotes, `\n` is a line end.
 *
 * @throws ConfigurationError naming each invalid line
 */
export function readEnvFile(directory: string): Variables {
  const path = resolve(directory, FILE);
  if (!existsSync(path)) return {};
  try {
    return parseEnvFile(readTextFile(path));
  } catch (error) {
    if (!(error instanceof TextFileError)) throw error;
    throw new ConfigurationError([
      { name: FILE, expected: 'a readable text file in UTF-8', received: error.message },
    ]);
  }
}

/**
 * Reads one assignment after another. Node's own parser would join an invalid line to the next name and lose both.
 */
function parseEnvFile(text: string): Variables {
  const variables: Record<string, string> = {};
  const problems: ConfigurationProblem[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  while (position < text.length) {
    if (take(BLANK) !== null) continue;
    const line = text.slice(0, position).split('\n').length;
    const refuse = (expected: string, received: string): void => {
      problems.push({ name: `${FILE}, line ${line}`, expected, received });
      take(REST_OF_LINE);
    };
    const name = take(NAME)?.[1];
    if (name === undefined) {
      refuse('NAME=value or a comment', 'neither');
      continue;
    }
    const start = position;
    if (!/["'`]/.test(text.charAt(position))) take(REST_OF_LINE);
    else if (take(QUOTED) === null) refuse(`a closing quote for the value of ${name}`, 'none');
    else if (take(BLANK) === null) refuse(`nothing but a comment after the quoted value of ${name}`, 'more');
    Object.assign(variables, parseEnv(`${name}=${text.slice(start, position)}`));
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return variables;
}
