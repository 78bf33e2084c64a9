import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Where specs, end-to-end tests and what only they use lie. */
const TESTS = ['**/*.spec.ts', '**/testing/**/*.ts', 'test/**/*.ts'];

const ENVIRONMENT_MESSAGE = 'Only libs/config reads the environment. Take the value from the typed settings.';

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/node_modules/',
    '**/*_pb.ts',
    'models/',
    'coverage/',
    'data/',
    'bench/.work/',
    '.aerie/',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  js.configs.recommended,
  { rules: { eqeqeq: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      // One program for everything, as tsconfig.tests.json covers sources and specs alike and needs no build.
      parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Nest's modules are empty classes whose content is the decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // DTO classes describe the shape of bodies; what is sent is a plain object of that shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A `default` that handles the rest is a decision, too.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Numbers read the same in a template and out of it.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // It asks for `x!`, which strict forbids. Hot loops over typed arrays need one of the two: `x as number`.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // `import { type X }` still loads the module at run time under verbatimModuleSyntax; `import type` does not.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: ENVIRONMENT_MESSAGE },
        {
          object: 'process',
          property: 'loadEnvFile',
          message: ENVIRONMENT_MESSAGE,
        },
        {
          object: 'request',
          property: 'ip',
          message: 'It takes whatever X-Forwarded-For holds. Take request.context.address.',
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[property.name='env'][object.property.name='process']",
          message: ENVIRONMENT_MESSAGE,
        },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:process', 'process'].map((name) => ({
            name,
            importNames: ['env', 'loadEnvFile'],
            message: ENVIRONMENT_MESSAGE,
          })),
          patterns: [
            { group: ['@aerie/*/*'], message: 'A library is used only through its index.ts.' },
            {
              regex: '(^|/)(libs|apps)/[^/]+/(src|dist)/',
              message: 'A library is used only through its package name.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/config/src/**/*.ts', ...TESTS],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-syntax': 'off' },
  },
  {
    files: TESTS,
    rules: {
      // `expect(fake.method)` calls nothing, and a fake of an asynchronous port often has nothing to await or do.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Replies of the server are JSON: tests look into them freely, and a wrong path fails the test.
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // Clients send deprecated parameters, too.
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['apps/api/assets/**/*.js'],
    languageOptions: { globals: globals.browser },
  },
);
