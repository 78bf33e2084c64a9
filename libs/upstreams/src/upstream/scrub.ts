/** Values that must not appear in texts from an upstream. */
export interface Secrets {
  readonly apiKey: string | null;
  /** Host of the upstream. */
  readonly hostname: string;
}

const LONGEST_MESSAGE = 300;
/** Longer texts are cut before the patterns, whose time may grow with the square of the length. */
const LONGEST_TEXT = 2_000;

/** In this order: addresses first, so that their parts are not taken for paths. */
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, '[address]'],
  [/\bbearer\s+\S+/gi, '[key]'],
  [/\b(sk|org|proj)-[\w*-]{8,}/gi, '[key]'],
  [/[^\s"']*\*{3,}[^\s"']*/g, '[key]'],
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, '[address]'],
  [/\[?\b[0-9a-f]{0,4}(:[0-9a-f]{0,4}){3,}\b\]?(:\d+)?/gi, '[address]'],
  [
    /\b(localhost|[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|io|ai|dev|local|internal|svc|lan))(:\d+)?\b/gi,
    '[address]',
  ],
  [/(?<![\w/])(~|[a-z]:)?([\\/][\w.@+-]+){2,}/gi, '[path]'],
];

/** An upstream's message for callers and log lines, without keys, addresses and paths, as one short line. */
export function scrub(text: string, { apiKey, hostname }: Secrets): string {
  let clean = text;
  if (apiKey !== null && apiKey !== '') clean = clean.replaceAll(apiKey, '[key]');
  clean = clean.slice(0, LONGEST_TEXT);
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  if (hostname !== '') clean = clean.replaceAll(hostname, '[address]');
  // eslint-disable-next-line no-control-regex -- the pattern removes control characters
  clean = clean.replace(/[\u0000-\u001f\u007f\s]+/g, ' ').trim();
  return clean.length > LONGEST_MESSAGE ? `${clean.slice(0, LONGEST_MESSAGE - 3)}...` : clean;
}
