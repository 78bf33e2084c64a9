/**
 * The directions of the packages, as the architecture has them. One table, from which the rules are made:
 * a package may use what is listed for it and nothing else of ours.
 */
const MAY_USE = {
  contracts: [],
  runtime: [],
  batching: ['runtime'],
  config: ['contracts', 'runtime'],
  engine: ['contracts', 'runtime'],
  fields: ['contracts'],
  outbound: ['contracts', 'runtime'],
  observability: ['contracts', 'runtime'],
  queue: ['contracts', 'runtime'],
  generation: ['contracts', 'runtime', 'engine'],
  upstreams: ['contracts', 'runtime', 'generation'],
  tasks: ['contracts', 'runtime', 'engine', 'fields', 'generation'],
  'model-registry': ['contracts', 'runtime', 'tasks', 'engine', 'generation', 'upstreams', 'batching'],
  inference: ['contracts', 'runtime', 'model-registry', 'outbound', 'tasks'],
  jobs: ['contracts', 'runtime', 'fields', 'inference', 'queue'],
  http: ['contracts', 'runtime', 'config', 'observability', 'inference'],
  health: ['contracts', 'config', 'http', 'inference', 'model-registry', 'queue'],
  'test-support': ['runtime'],
};

/** What apps use anywhere, and what only their modules, the composition roots, may use on top. */
const APPS_MAY_USE = [
  'contracts',
  'runtime',
  'config',
  'fields',
  'observability',
  'queue',
  'model-registry',
  'inference',
  'jobs',
  'http',
  'health',
];
const COMPOSITION_ROOTS_MAY_USE = [...APPS_MAY_USE, 'engine', 'outbound', 'tasks'];

const COMPOSITION_ROOT = '^(apps|libs/inference|libs/jobs)/.+[.]module[.]ts$';
/** What only tests need; nothing else may import it. The last is what specs of several packages share. */
const TEST_SUPPORT = '^libs/test-support/';
const TESTS = `([.]spec[.]ts$|/src/testing/|${TEST_SUPPORT})`;

/** Modules that nothing imports: processes, threads, and what threads load by URL. */
const ENTRY_POINTS = [
  '/src/index[.]ts$',
  '/src/main[.]ts$',
  '[.]worker[.]ts$',
  'kernel[.]ts$',
  'session-factory[.]ts$',
  '[.]d[.]ts$',
  '/test-fixtures/',
];

const anyOf = (names) => `^libs/(${names.join('|')})/`;
const nothingOf = (names) => (names.length === 0 ? undefined : anyOf(names));

const directionRules = Object.entries(MAY_USE).map(([name, uses]) => ({
  name: `direction-${name}`,
  comment: `libs/${name} may use of ours: ${uses.join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: `^libs/${name}/`, pathNot: COMPOSITION_ROOT },
  to: { path: '^(libs|apps)/', pathNot: [`^libs/${name}/`, TEST_SUPPORT, nothingOf(uses)].filter(Boolean) },
}));

/** A package of npm, wherever it is installed and whether or not only its types are imported. */
const npm = (pattern) => `(^|/)node_modules/(@types/)?${pattern}(/|$)`;

const onlyIn = (pattern, home, comment) => ({
  name: `only-in-place-${pattern}`,
  comment,
  severity: 'error',
  from: { path: '^(libs|apps)/', pathNot: [home, TESTS] },
  to: { path: npm(pattern) },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...directionRules,
    {
      name: 'direction-unlisted',
      comment: 'A new package states its directions in the table of .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: anyOf(Object.keys(MAY_USE)) },
      to: { path: '^(libs|apps)/', pathNot: ['^libs/$1/', '^libs/contracts/'] },
    },
    {
      name: 'direction-apps',
      comment: `Apps may use of ours: ${APPS_MAY_USE.join(', ')}.`,
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: COMPOSITION_ROOT },
      to: { path: '^(libs|apps)/', pathNot: ['^apps/$1/', TEST_SUPPORT, anyOf(APPS_MAY_USE)] },
    },
    {
      name: 'direction-composition-roots',
      comment:
        'Modules of apps and of inference put the parts together; they alone may also name engine, outbound and tasks.',
      severity: 'error',
      from: { path: COMPOSITION_ROOT },
      to: { path: '^(libs|apps)/', pathNot: ['^apps/', anyOf(COMPOSITION_ROOTS_MAY_USE)] },
    },
    {
      name: 'apps-apart',
      comment: 'What two apps share is a library.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'engine-types-only',
      comment: 'Tasks know the engine by its types: `import type`.',
      severity: 'error',
      from: { path: '^libs/tasks/' },
      to: { path: '^libs/engine/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-deep-imports',
      comment: 'A library is used only through its index.ts.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index[.]ts$'] },
    },
    {
      name: 'no-built-imports',
      comment: 'Sources import sources, never what was built of them.',
      severity: 'error',
      from: { path: '^(libs|apps)/' },
      to: { path: '^(libs|apps)/[^/]+/dist/' },
    },
    {
      name: 'no-nest',
      comment: 'These are plain TypeScript: usable and testable without a container.',
      severity: 'error',
      from: { path: anyOf(['contracts', 'batching', 'engine', 'generation', 'upstreams', 'tasks']) },
      to: { path: npm('@nestjs') },
    },
    onlyIn(
      'onnxruntime-(node|common)',
      '^libs/engine/src/onnx/',
      'ONNX Runtime is known to its adapter only.',
    ),
    onlyIn(
      '(bullmq|@nestjs/bullmq|ioredis)',
      '(^libs/queue/|[.]processor([.]spec)?[.]ts$|/rate-limit[.]storage([.]spec)?[.]ts$)',
      'The queue is known to libs/queue and to processors only.',
    ),
    onlyIn('(sharp|@img)', '^libs/tasks/', 'Images are decoded in libs/tasks only.'),
    onlyIn(
      'undici',
      '^libs/(outbound|upstreams)/',
      "Callers' addresses are reached through libs/outbound, the operator's upstreams through libs/upstreams.",
    ),
    onlyIn('eventsource-parser', '^libs/upstreams/', 'Streams of upstreams are read in libs/upstreams only.'),
    {
      name: 'generation-types-only',
      comment: 'Upstreams and tasks use only the types of language models: `import type`.',
      severity: 'error',
      from: { path: '^libs/(upstreams|tasks)/' },
      to: { path: '^libs/generation/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one module, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Neither imported by anything nor importing anything.',
      severity: 'error',
      from: { orphan: true, pathNot: ENTRY_POINTS },
      to: {},
    },
    {
      name: 'no-test-code-in-sources',
      comment: 'What only tests need stays in specs, in src/testing/ and in libs/test-support.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'An installation without development packages lacks it.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'It leads nowhere: not there, not installed, or not exported by its package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '(^|/)dist/'] },
    // Edges that vanish in compilation (`import type`) count too.
    tsPreCompilationDeps: true,
    // Its `paths` lead from @aerie/* to the sources; without them the links in node_modules end in dist.
    tsConfig: { fileName: 'tsconfig.tests.json' },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
