import 'reflect-metadata';
import { readFileSync, readdirSync } from 'node:fs';
import { SECRETS, environmentSchema } from '@aerie/config';
import { ERROR_TABLE } from '@aerie/contracts';
import { BATCH_ROUTES, REST_ROUTES } from '@aerie/inference';
import { describe, expect, it } from '@jest/globals';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Sources below `folder`, as one text. */
function sources(folder: string): string {
  const files = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => read(`${folder}${file}`))
    .join('\n');
}

interface Span {
  readonly file: string;
  readonly text: string;
}

/** Pages about other servers or the code, which name more than callers and operators see. */
const NOT_OF_THE_GUIDE: readonly string[] = ['docs/benchmarks.md', 'docs/extending.md'];

/** The inline code of the guide. */
const SPANS: readonly Span[] = [
  'README.md',
  ...readdirSync(new URL('docs/', ROOT)).map((file) => `docs/${file}`),
]
  .filter((file) => file.endsWith('.md') && !NOT_OF_THE_GUIDE.includes(file))
  .flatMap((file) =>
    [
      ...read(file)
        .replaceAll(/```[^]*?```/g, '')
        .matchAll(/`([^`\n]+)`/g),
    ].map(([, text = '']) => ({
      file,
      text,
    })),
  );

/** Counts the spans that `pattern` matches, and finds those whose first group is not known. */
function check(pattern: RegExp, isKnown: (name: string) => boolean) {
  const named = SPANS.flatMap(({ file, text }) => {
    const name = pattern.exec(text)?.[1];
    return name === undefined ? [] : [{ file, name }];
  });
  return { count: named.length, unknown: named.filter(({ name }) => !isKnown(name)) };
}

describe('the guide names only existing', () => {
  it('settings and error codes', () => {
    const known = new Set([
      ...Object.keys(environmentSchema.shape),
      ...[...SECRETS].map((name) => `${name}_FILE`),
      ...Object.keys(ERROR_TABLE),
      // Variables of ONNX Runtime, and of keys of upstreams, which manifests name.
      'ONNXRUNTIME_NODE_INSTALL',
      'ORT_DISABLE_TELEMETRY',
      'VLLM_API_KEY_FILE',
      'NAME',
    ]);
    const { count, unknown } = check(/^([A-Z][A-Z0-9_]{2,})(?:=.*)?$/, (name) => known.has(name));
    expect(unknown).toEqual([]);
    expect(count).toBeGreaterThan(80);
  });

  it('metrics', () => {
    const text = sources('libs/observability/src/') + sources('libs/jobs/src/') + sources('apps/');
    const { count, unknown } = check(/^(aerie_\w+)/, (name) => text.includes(`'${name}'`));
    expect(unknown).toEqual([]);
    expect(count).toBeGreaterThan(3);
  });

  it('routes', () => {
    const known = routes();
    const { count, unknown } = check(
      /^((?:GET |POST |PUT |PATCH |DELETE )?\/(?:api\/|v1\/|health|metrics|docs|openapi|queues)[^?\s]*)/,
      (route) => known.has(route.replaceAll(/\{\w+\}/g, ':x')),
    );
    expect(unknown).toEqual([]);
    expect(count).toBeGreaterThan(20);
  });

  it('keys of the manifest', () => {
    const pairs = manifestPairs();
    const sections = new Set([...pairs].map((pair) => pair.split('.')[0]));
    const { count, unknown } = check(
      /^([a-z_]+\.[a-z_]+)$/,
      (pair) => !sections.has(pair.split('.')[0]) || pairs.has(pair),
    );
    expect(unknown).toEqual([]);
    expect(count).toBeGreaterThan(10);
  });

  it("names in the callers' and operators' spelling, not in that of the code", () => {
    expect(check(/^([a-z]+[A-Z]\w*)$/, () => false).unknown).toEqual([]);
  });
});

/** `GET /path` and `/path` of every route, its parameters as `:x`. */
function routes(): ReadonlySet<string> {
  const known = new Set(['/docs', '/openapi.json', '/queues', 'GET /v1/models[/:x]']);
  const code = (sources('apps/api/src/') + sources('libs/health/src/'))
    // The paths of a protocol's controllers are below its prefix.
    .replaceAll(/@ProtocolController\(OPENAI(?:, '([^']*)')?\)/g, (_, path?: string) =>
      path === undefined ? "@Controller('v1')" : `@Controller('v1/${path}')`,
    );
  const made = [
    ...BATCH_ROUTES.flatMap(({ name, aliases = [] }) => [
      `/api/v1/${name}`,
      ...aliases.map((alias) => `/${alias}`),
    ]),
    ...REST_ROUTES.map(({ name }) => `/api/v1/${name}/async`),
  ];
  for (const path of made) known.add(path).add(`POST ${path}`);
  const controllers = code.split('@Controller(').slice(1);
  for (const source of controllers) {
    const prefixes = [...source.slice(0, source.indexOf(')')).matchAll(/'([^']*)'/g)].map(([, path]) => path);
    for (const [, method = '', path = ''] of source.matchAll(
      /@(Get|Post|Put|Patch|Delete)\((?:'([^']*)')?\)/g,
    )) {
      for (const prefix of prefixes) {
        const full = `/${[prefix, path].filter(Boolean).join('/')}`.replaceAll(/:\w+/g, ':x');
        known.add(full).add(`${method.toUpperCase()} ${full}`);
      }
    }
  }
  return known;
}

/** `section.key` of every object in the manifest's schema. */
function manifestPairs(): ReadonlySet<string> {
  const pairs = new Set<string>();
  const walk = (schema: unknown, parent: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [key, value] of Object.entries(schema as Record<string, unknown>)) {
      if (key !== 'properties') {
        walk(value, parent);
        continue;
      }
      for (const [name, inner] of Object.entries(value as Record<string, unknown>)) {
        if (parent !== '') pairs.add(`${parent}.${name}`);
        walk(inner, name);
      }
    }
  };
  walk(JSON.parse(read('models/manifest.schema.json')), '');
  return pairs;
}
