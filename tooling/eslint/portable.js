import { builtinModules } from 'node:module';

const NODE_GLOBALS = ['Buffer', 'clearImmediate', 'global', 'process', 'require', 'setImmediate'];

// A pure core gets bytes, random numbers and times from its caller, or through its backend.
const INPUT_AND_OUTPUT = [
  'EventSource',
  'WebSocket',
  'XMLHttpRequest',
  'caches',
  'clearInterval',
  'clearTimeout',
  'fetch',
  'indexedDB',
  'navigator',
  'performance',
  'postMessage',
  'self',
  'setInterval',
  'setTimeout',
];

/** Rules for code that runs in browsers too and does no input or output. */
export const portableRules = {
  'no-restricted-globals': [
    'error',
    ...NODE_GLOBALS.map((name) => ({
      name,
      message: 'This package also runs where there is no Node.',
    })),
    ...INPUT_AND_OUTPUT.map((name) => ({ name, message: 'This package does no input or output.' })),
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: builtinModules.map((name) => ({
        name,
        message: 'This package also runs where there is no Node.',
      })),
      patterns: [{ group: ['node:*'], message: 'This package also runs where there is no Node.' }],
    },
  ],
};
