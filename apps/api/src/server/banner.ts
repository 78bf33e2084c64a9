import type { Settings } from '@aerie/config';

/** The startup message on the terminal: the server's address, its docs, and an example call that works offline. */
export function banner(settings: Settings, port: number): string {
  const host = ['0.0.0.0', '::'].includes(settings.http.host) ? '127.0.0.1' : settings.http.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  const key = settings.apiKeys.length > 0 ? " -H 'Authorization: Bearer <key>'" : '';
  return [
    '',
    `  ${settings.appName} is up at ${url}`,
    `  API docs:  ${url}/docs`,
    `  Try it:    curl -F image=@samples/cat.jpg${key} ${url}/api/v1/predict`,
    '',
    '',
  ].join('\n');
}
