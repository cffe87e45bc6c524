/** Arguments that are one of a few words. */
export const fixedWords = {
  /** The shells that there are completion scripts for. */
  shell: ['bash', 'zsh', 'fish'],
  /** What members of a vault can be. */
  role: ['reader', 'writer', 'owner'],
  /** What can be done about vaults. */
  'vault-action': [
    'create',
    'list',
    'members',
    'add',
    'remove',
    'role',
    'join',
    'leave',
    'invite',
    'card',
    'recovery',
    'rekey',
    'verify',
    'export',
  ],
} as const;

/** The shells that there are scripts for. */
export const shells = fixedWords.shell;
