import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { list } from './parsers.js';

/**
 * The name in a Host header or in a setting, as browsers read it: lower case, without port, brackets and final dot.
 *
 * @returns null if the text is not a host name
 */
export function hostNameOf(text: string): string | null {
  const url = `http://${isIPv6(text) ? `[${text}]` : text}`;
  if (!URL.canParse(url)) return null;
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** A comma-separated list of host names and addresses, normalized. */
export const hosts = () =>
  list().transform((items, context): readonly string[] => {
    const names = items.map((item) => (/[/?#@*\s\\]/.test(item) ? null : hostNameOf(item)));
    if (names.every((name) => name !== null)) return names;
    context.addIssue({ code: 'custom', message: 'a comma-separated list of host names' });
    return z.NEVER;
  });

/** A comma-separated list of origins, in the form that browsers send; `*` is every origin. */
export const origins = () =>
  list().transform((items, context): readonly string[] => {
    const parsed = items.map((item) => (item === '*' ? item : originOf(item)));
    if (parsed.every((origin) => origin !== null)) return parsed;
    context.addIssue({
      code: 'custom',
      message: 'a comma-separated list of origins such as https://app.example.com, or *',
    });
    return z.NEVER;
  });

function originOf(text: string): string | null {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@*\s\\]+\/?$/i.test(text) || !URL.canParse(text)) return null;
  const { origin } = new URL(text);
  // Browser extensions have schemes for which the URL standard defines no origin.
  return origin === 'null' ? text.replace(/\/$/, '').toLowerCase() : origin;
}
