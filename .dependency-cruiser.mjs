/** What a package may import of the workspace; everything else is forbidden. */
const ALLOWED = {
  'packages/crypto': [],
  'packages/task-threads': [],
  'packages/file-io': ['packages/task-threads'],
  'packages/transport': [],
  'packages/protocol': ['packages/crypto'],
  'packages/vault': ['packages/crypto', 'packages/protocol'],
  'packages/vault-threads': ['packages/crypto', 'packages/task-threads', 'packages/vault'],
  'packages/server': [
    'packages/crypto',
    'packages/file-io',
    'packages/protocol',
    'packages/transport',
    'packages/vault',
  ],
  'packages/client': [
    'packages/crypto',
    'packages/file-io',
    'packages/protocol',
    'packages/transport',
    'packages/vault',
    'packages/vault-threads',
  ],
  'apps/server': ['packages/server'],
  'apps/client': ['packages/client'],
};

const downward = Object.entries(ALLOWED).map(([dir, below]) => ({
  name: `${dir} imports downward`,
  comment: 'Imports run from the apps down to the crypto package, as the layout shows.',
  severity: 'error',
  from: { path: `^${dir}/src/` },
  to: { path: '^(packages|apps)/', pathNot: [dir, ...below].map((allowed) => `^${allowed}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...downward,
    {
      name: 'no cycles',
      comment: 'Files that import each other in a circle cannot be understood or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'sources use no tests or development dependencies',
      comment: 'What the programs in apps/ use is bundled into them, so they have no other kind.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '(^|[/-])conformance(\\.ts$|/)' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'another package only by its name',
      comment: 'A relative path into another package goes around its public interface.',
      severity: 'error',
      from: { path: '^((?:packages|apps)/[^/]+)/' },
      to: {
        path: '^(?:packages|apps)/[^/]+/',
        pathNot: '^$1/',
        dependencyTypes: ['local'],
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['\\.tsbuildinfo$', '^[^n].*/dist/.*\\.map$'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
