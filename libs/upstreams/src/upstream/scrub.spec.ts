import { describe, expect, it } from '@jest/globals';
import { scrub } from './scrub.js';

const SECRETS = { apiKey: 'my-own-key', hostname: 'vllm.corp.example' };

describe('scrub', () => {
  it.each([
    ['see https://platform.example.com/a?b=c for more', 'see [address] for more'],
    ['key my-own-key is bad', 'key [key] is bad'],
    ['Bearer abc.def and sk-proj-1234567890', '[key] and [key]'],
    ['at 10.1.2.3:8000, [fe80::1:2:3]:80 or vllm.corp.example', 'at [address], [address] or [address]'],
    ['no host api.openai.com:443 nor localhost:11434', 'no host [address] nor [address]'],
    ['in /usr/lib/python3/site.py, line 3', 'in [path], line 3'],
    ['two\nlines\u0007', 'two lines'],
    [
      "messages[0].role: 'x' is not one of 'user', 'system' (max 4096)",
      "messages[0].role: 'x' is not one of 'user', 'system' (max 4096)",
    ],
  ])('turns %j into %j', (text, clean) => {
    expect(scrub(text, SECRETS)).toBe(clean);
  });

  it('shortens long texts quickly', () => {
    const startedAt = performance.now();
    expect(scrub('x'.repeat(65_536), SECRETS)).toHaveLength(300);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
