import { loadSettings } from '@aerie/config';
import { expect, it } from '@jest/globals';
import { banner } from './banner.js';

const show = (variables: Readonly<Record<string, string>>) =>
  banner(loadSettings(variables, import.meta.dirname), 8123);

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8123'],
  ['0.0.0.0', 'http://127.0.0.1:8123'],
  ['::', 'http://127.0.0.1:8123'],
  ['::1', 'http://[::1]:8123'],
  ['aerie.test', 'http://aerie.test:8123'],
])('a server on %s is found at %s', (HOST, url) => {
  const text = show({ HOST });
  expect(text).toContain(`is up at ${url}\n`);
  expect(text).toContain(`curl -F image=@samples/cat.jpg ${url}/api/v1/predict`);
});

it('a key is requested, never shown', () => {
  const text = show({ API_KEYS: 'hunter2' });
  expect(text).toContain("-H 'Authorization: Bearer <key>'");
  expect(text).not.toContain('hunter2');
});
