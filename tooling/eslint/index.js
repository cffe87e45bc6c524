import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

import { portableRules } from './portable.js';

const sources = ['{packages,apps,tooling}/*/src/**/*.ts'];
const tests = ['{packages,apps,tooling}/*/test/**/*.ts'];

// A conformance suite is a function of many tests, exported for other packages to run.
const suites = ['**/conformance.ts', '**/*-conformance.ts', '**/conformance/**/*.ts'];

// Both run anywhere, so only this folder may know Node.
const portable = ['packages/{crypto,protocol,vault}/src/**/*.ts'];
const nodeOnly = ['packages/crypto/src/backends/node/**/*.ts'];

// Where a class implements an interface, the interface documents its methods.
const DOCUMENTED_METHOD =
  'ExportNamedDeclaration > ClassDeclaration:not([implements.length>0]) > ClassBody > ' +
  'MethodDefinition[kind!="constructor"][key.type!="PrivateIdentifier"] > FunctionExpression';

/**
 * The lint rules of the workspace.
 *
 * @param {string} rootDir the workspace's root folder, to which all patterns are relative
 */
export function config(rootDir) {
  return defineConfig(
    { ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**'] },
    { linterOptions: { reportUnusedDisableDirectives: 'error' } },
    js.configs.recommended,
    {
      files: ['**/*.ts'],
      extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
      languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: rootDir } },
      rules: {
        eqeqeq: 'error',
        'max-lines': ['error', { max: 400 }],
        'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
        'no-console': 'error',
        // Names from a peer are searched for control characters.
        'no-control-regex': 'off',
        'no-implicit-coercion': 'error',
        'no-promise-executor-return': ['error', { allowVoid: true }],
        'object-shorthand': 'error',
        'prefer-template': 'error',
        '@typescript-eslint/consistent-type-exports': 'error',
        '@typescript-eslint/consistent-type-imports': 'error',
        '@typescript-eslint/explicit-module-boundary-types': 'error',
        '@typescript-eslint/no-confusing-void-expression': [
          'error',
          { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
        ],
        '@typescript-eslint/no-import-type-side-effects': 'error',
        // Where an index is known to be in range, `as T` says so; `!` stays forbidden.
        '@typescript-eslint/non-nullable-type-assertion-style': 'off',
        '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
        '@typescript-eslint/restrict-template-expressions': [
          'error',
          { allowNumber: true, allowBoolean: true },
        ],
        '@typescript-eslint/strict-boolean-expressions': 'off',
        '@typescript-eslint/switch-exhaustiveness-check': [
          'error',
          { considerDefaultExhaustiveForUnions: true },
        ],
      },
    },
    {
      files: sources,
      plugins: { jsdoc },
      settings: { jsdoc: { mode: 'typescript' } },
      rules: {
        'jsdoc/require-jsdoc': [
          'error',
          {
            publicOnly: true,
            require: { ClassDeclaration: true, FunctionDeclaration: true },
            contexts: [
              'ExportNamedDeclaration > TSInterfaceDeclaration',
              'ExportNamedDeclaration > TSTypeAliasDeclaration',
              'ExportNamedDeclaration > VariableDeclaration',
              DOCUMENTED_METHOD,
            ],
          },
        ],
        'jsdoc/check-param-names': ['error', { checkDestructured: false }],
        'jsdoc/check-tag-names': ['error', { definedTags: ['remarks'], typed: true }],
        'jsdoc/no-types': 'error',
        'jsdoc/require-param-description': 'error',
        'jsdoc/require-returns-description': 'error',
        'jsdoc/require-throws-description': 'off',
      },
    },
    {
      files: portable,
      ignores: nodeOnly,
      rules: portableRules,
    },
    {
      files: ['apps/*/src/**/*.ts'],
      rules: {
        // What a program exports is for its own files only.
        'jsdoc/require-jsdoc': 'off',
      },
    },
    {
      files: ['apps/client/src/commands/*.ts'],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            name: '@e2eeftp/client',
            importNames: ['parseRemoteName'],
            message: 'Use workspace.remoteName: in the shell, names are relative to a folder.',
          },
        ],
      },
    },
    {
      files: [...tests, ...suites],
      rules: {
        'max-lines-per-function': 'off',
        // expect() takes methods unbound, and a test may pass what the types forbid.
        '@typescript-eslint/no-confusing-void-expression': 'off',
        '@typescript-eslint/no-non-null-assertion': 'off',
        '@typescript-eslint/unbound-method': 'off',
        // A helper that must be async by its interface has often nothing to await.
        '@typescript-eslint/require-await': 'off',
      },
    },
    {
      files: ['**/*.{js,cjs,mjs}'],
      languageOptions: { globals: nodeGlobals },
    },
  );
}

const nodeGlobals = Object.fromEntries(
  [
    'AbortController',
    'AbortSignal',
    'Buffer',
    'TextDecoder',
    'TextEncoder',
    'URL',
    'clearInterval',
    'clearTimeout',
    'console',
    'fetch',
    'module',
    'performance',
    'process',
    'require',
    'setImmediate',
    'setInterval',
    'setTimeout',
    'structuredClone',
  ].map((name) => [name, 'readonly']),
);
