import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration.error.js';
import { loadSettings, redactSettings } from './load-settings.js';
import type { Settings } from './settings.js';

type Variables = Readonly<Record<string, string | undefined>>;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aerie-config-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const load = (variables: Variables = {}): Settings => loadSettings(variables, folder);

const write = (name: string, text: string): void => {
  writeFileSync(join(folder, name), text);
};

function refusal(variables: Variables): ConfigurationError {
  try {
    load(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('The variables were accepted.');
}

describe('the defaults', () => {
  it('are the documented ones', () => {
    expect(load()).toEqual({
      appName: 'aerie',
      debug: false,
      logLevel: 'info',
      faultInjection: false,
      dataDir: join(folder, 'data'),
      redisUrl: null,
      databaseUrl: null,
      jobs: {
        role: 'all',
        workerPort: 8001,
        concurrency: null,
        retentionMs: 86_400_000,
        maxFinished: 100_000,
        maxPending: 100_000,
        maxPayloadBytes: 1_000_000,
        maxWorkerDeaths: 5,
        maxBatchItems: 10_000,
        maxBatchBytes: 28_000_000,
        webhookSecret: null,
        allowedWebhookHosts: [],
        queuePagePassword: null,
      },
      http: {
        host: '127.0.0.1',
        port: 8000,
        workers: 1,
        trustedProxies: 0,
        allowedHosts: [],
        corsOrigins: [],
        maxJsonBytes: 1_000_000,
        maxPredictJsonBytes: 28_000_000,
        maxJsonDepth: 64,
        maxHeaderBytes: 16_384,
        maxConnections: 10_000,
        keepAliveMs: 5_000,
        headersTimeoutMs: 10_000,
        receiveTimeoutMs: 30_000,
        requestTimeoutMs: 30_000,
        drainDelayMs: 0,
        drainTimeoutMs: 25_000,
      },
      models: {
        path: join(folder, 'models'),
        links: [],
        requireModels: 'any',
        device: 'auto',
        ortBinding: 'auto',
        maxBatchSize: 32,
        maxQueueSize: 256,
        replicas: null,
        intraOpThreads: null,
        replicaStallTimeoutMs: 10_000,
        livenessTimeoutMs: 30_000,
        startTimeoutMs: 120_000,
        keepAliveMs: 0,
      },
      images: {
        maxBytes: 20_000_000,
        maxPixels: 50_000_000,
        fetchTimeoutMs: 10_000,
        maxRedirects: 3,
        allowedHosts: [],
      },
      texts: { maxTexts: 256 },
      generation: {
        chatModel: null,
        firstTokenTimeoutMs: 30_000,
        timeoutMs: 300_000,
        pingIntervalMs: 15_000,
        streamStallTimeoutMs: 20_000,
        openai: { apiKey: null, baseUrl: null },
      },
      rateLimits: { predict: { limit: 10, windowMs: 60_000 }, embed: null, chat: null },
      apiKeys: [],
    });
  });

  it('log more with DEBUG, unless LOG_LEVEL is set', () => {
    expect(load({ DEBUG: 'true' }).logLevel).toBe('debug');
    expect(load({ DEBUG: 'true', LOG_LEVEL: 'warn' }).logLevel).toBe('warn');
  });

  it('apply if a variable is empty or blank', () => {
    expect(load({ PORT: '', APP_NAME: '  ', API_KEYS: '', REDIS_URL: ' ' })).toEqual(load());
  });
});

describe('the settings', () => {
  it('are deeply frozen', () => {
    const settings = load({ API_KEYS: 'a', ALLOWED_IMAGE_HOSTS: 'b' });
    const containers = (value: object): object[] => [
      value,
      ...Object.values(value)
        .filter((inner) => typeof inner === 'object' && inner !== null)
        .flatMap((inner) => containers(inner as object)),
    ];
    expect(containers(settings).length).toBeGreaterThan(7);
    expect(containers(settings).filter((container) => !Object.isFrozen(container))).toEqual([]);
  });

  it('resolve paths against the folder', () => {
    expect(load({ MODEL_PATH: '../zoo' }).models.path).toBe(join(folder, '..', 'zoo'));
    expect(load({ MODEL_PATH: '/srv/zoo' }).models.path).toBe('/srv/zoo');
  });

  it('read 0 replicas and threads as "by the number of cores"', () => {
    const { models } = load({ REPLICAS: '3', INTRA_OP_THREADS: '2' });
    expect(models).toMatchObject({ replicas: 3, intraOpThreads: 2 });
  });
});

describe('a .env file', () => {
  it('is read', () => {
    write('.env', '# comment\nPORT=9000\nexport DEBUG="yes"\n');
    expect(load()).toMatchObject({ debug: true, http: { port: 9000 } });
  });

  it('yields to the environment', () => {
    write('.env', 'PORT=9000\nHOST=::1\n');
    expect(load({ PORT: '9001' }).http).toMatchObject({ port: 9001, host: '::1' });
  });

  it('yields to an empty variable, so that the default applies', () => {
    write('.env', 'PORT=9000\n');
    expect(load({ PORT: '' }).http.port).toBe(8000);
  });

  it('is checked like the environment', () => {
    write('.env', 'PORT=no\n');
    expect(refusal({}).message).toContain('PORT: expected a whole number from 0 to 65535, got "no"');
  });
});

describe('a value that cannot be used', () => {
  it.each([
    ['PORT', '65536', 'at most 65535'],
    ['MAX_JSON_DEPTH', '1001', 'at most 1000'],
    ['PORT', '80.5', 'a whole number'],
    ['PORT', '-1', 'at least 0'],
    ['PORT', 'http', 'a whole number from 0 to 65535'],
    ['WORKERS', '0', 'at least 1'],
    ['MAX_BATCH_SIZE', 'many', 'a whole number from 1 to 1024'],
    ['REQUEST_TIMEOUT', '30s', 'a number of seconds'],
    ['REQUEST_TIMEOUT', '0', 'at least 0.05 s'],
    ['REQUEST_TIMEOUT', '86401', 'at most 86400 s'],
    ['MODEL_KEEP_ALIVE', '2147484', 'at most 2147483 s'],
    ['DEBUG', 'maybe', 'true or false'],
    ['DEVICE', 'tpu', 'one of "auto"|"cpu"|"gpu"'],
    ['LOG_LEVEL', 'loud', 'one of "fatal"|"error"|"warn"|"info"|"debug"|"trace"|"silent"'],
    ['APP_NAME', 'n'.repeat(65), 'at most 64 characters'],
    ['APP_NAME', 'a\nb', 'printable ASCII characters, because it is sent in a header'],
    ['MAX_IMAGE_BYTES', '20 apples', 'a size of at least 1 byte, such as 20MB, 512kB or 1048576'],
    ['RATE_LIMIT_PREDICT', 'often', 'a rate such as 10/minute, or off'],
  ])('stops the start: %s=%s, expected %s', (name, value, expected) => {
    expect(refusal({ [name]: value }).problems).toEqual([
      { name, expected, received: JSON.stringify(value) },
    ]);
  });

  it('is reported together with all others', () => {
    const { problems, message } = refusal({ PORT: 'x', WORKERS: 'y', DEVICE: 'z', API_KEYS_FILE: 'absent' });
    expect(problems.map(({ name }) => name).sort()).toEqual(['API_KEYS_FILE', 'DEVICE', 'PORT', 'WORKERS']);
    expect(message.split('\n')).toHaveLength(5);
  });
});

describe('secrets', () => {
  const SECRET = 'hunter2';

  it.each([
    `redis://u:${SECRET}@h:6379/0`,
    `redis://u:p@${SECRET}@h`,
    `redis://h/${SECRET}`,
    `redis://h?password=${SECRET}`,
  ])('are masked for the log in %s', (redisUrl) => {
    const redacted = redactSettings(load({ API_KEYS: SECRET, REDIS_URL: redisUrl }));
    expect(JSON.stringify(redacted)).not.toContain(SECRET);
    expect(redacted.apiKeys).toEqual(['[redacted]']);
    expect(redacted.redisUrl).toContain('[redacted]');
  });

  it('are masked in the address of an upstream', () => {
    const settings = load({ OPENAI_API_KEY: SECRET, OPENAI_BASE_URL: 'http://vllm.internal/v1' });
    expect(settings.generation.openai).toEqual({ apiKey: SECRET, baseUrl: 'http://vllm.internal/v1' });
    expect(redactSettings(settings).generation.openai).toEqual({
      apiKey: '[redacted]',
      baseUrl: '[redacted]',
    });
  });

  it('leave an address without secrets unchanged', () => {
    expect(redactSettings(load({ REDIS_URL: 'redis://10.0.0.1:6379/2' })).redisUrl).toBe(
      'redis://10.0.0.1:6379/2',
    );
    expect(redactSettings(load()).redisUrl).toBeNull();
  });

  it('are not printed if they are invalid', () => {
    const error = refusal({ REDIS_URL: `http://u:${SECRET}@h` });
    expect(error.message).toContain(
      'REDIS_URL: expected an address such as redis://127.0.0.1:6379, got (a secret)',
    );
    expect(error.message).not.toContain(SECRET);
    write('url', `nonsense ${SECRET}`);
    expect(refusal({ REDIS_URL_FILE: 'url' }).message).not.toContain(SECRET);
  });

  it.each(['REDIS_URL', 'DATABASE_URL', 'OPENAI_BASE_URL'])(
    'are not printed if the address in %s cannot be parsed',
    (name) => {
      const protocol = { REDIS_URL: 'redis', DATABASE_URL: 'postgres' }[name] ?? 'http';
      for (const address of ['foo', `${protocol}://u:${SECRET}@:80/`, `${protocol}://${SECRET}:99999/v1`]) {
        const { problems, message } = refusal({ [name]: address });
        expect(problems).toMatchObject([{ name, received: '(a secret)' }]);
        expect(problems[0]?.expected).toMatch(/^an address such as /);
        expect(message).not.toContain(SECRET);
      }
    },
  );

  it('may come from a file', () => {
    write('keys', 'one\ntwo\r\nthree\n');
    write('url', 'redis://h:1\n');
    const settings = load({ API_KEYS_FILE: 'keys', REDIS_URL_FILE: join(folder, 'url') });
    expect(settings.apiKeys).toEqual(['one', 'two', 'three']);
    expect(settings.redisUrl).toBe('redis://h:1');
  });

  it.each([
    ['a byte order mark', '\uFEFFone\n'],
    ['Windows line ends', 'one\r\n\r\n'],
    ['no line end', 'one'],
  ])('may come from a file with %s', (_, text) => {
    write('secret', text);
    const settings = load({ API_KEYS_FILE: 'secret', OPENAI_API_KEY_FILE: 'secret' });
    expect([settings.apiKeys, settings.generation.openai.apiKey]).toEqual([['one'], 'one']);
  });

  it('stop the start when a file holds several lines, except for keys', () => {
    write('secret', 'one\ntwo');
    expect(refusal({ OPENAI_API_KEY_FILE: 'secret' }).problems).toEqual([
      { name: 'OPENAI_API_KEY_FILE', expected: 'a file of one line', received: '"secret"' },
    ]);
  });

  it.each(['http://u@h/v1', 'http://u:p@h/v1', 'http://h/v1?x=1', 'http://h/v1#x', 'http://h/v1?'])(
    'stop the start if they are in an address: OPENAI_BASE_URL=%s',
    (url) => {
      expect(refusal({ OPENAI_BASE_URL: url }).problems).toEqual([
        {
          name: 'OPENAI_BASE_URL',
          expected: 'an address such as https://api.openai.com/v1, without user, password, query or fragment',
          received: '(a secret)',
        },
      ]);
    },
  );

  it('stop the start if their file is missing', () => {
    expect(refusal({ API_KEYS_FILE: 'absent' }).problems).toEqual([
      {
        name: 'API_KEYS_FILE',
        expected: 'a readable file',
        received: '"absent", a file that does not exist',
      },
    ]);
  });

  it('stop the start if their file is a FIFO, whose writer is not waited for', () => {
    execFileSync('mkfifo', [join(folder, 'keys')]);
    expect(refusal({ API_KEYS_FILE: 'keys' }).problems).toEqual([
      { name: 'API_KEYS_FILE', expected: 'a readable file', received: '"keys", a FIFO' },
    ]);
  });

  it('stop the start if their file is empty, because the server would be open', () => {
    write('keys', '\n');
    expect(refusal({ API_KEYS_FILE: 'keys' }).problems).toEqual([
      { name: 'API_KEYS_FILE', expected: 'a file that is not empty', received: '"keys"' },
    ]);
  });

  it('stop the start if both a value and a file are set', () => {
    write('keys', 'one');
    expect(refusal({ API_KEYS_FILE: 'keys', API_KEYS: 'two' }).problems).toEqual([
      { name: 'API_KEYS_FILE', expected: 'no API_KEYS beside it', received: 'both' },
    ]);
  });

  it('stop the start if a list is empty, because the server would be open', () => {
    expect(refusal({ API_KEYS: ' , ' }).problems).toEqual([
      { name: 'API_KEYS', expected: 'a comma-separated list with at least one item', received: '(a secret)' },
    ]);
  });
});
