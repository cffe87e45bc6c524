import type { fixedWords } from '../../completion/fixed-words.js';
import { createAction } from './create.js';
import { exportAction } from './export.js';
import { joinAction } from './join.js';
import { leaveAction } from './leave.js';
import { listAction } from './list.js';
import { addAction, membersAction, removeAction, roleAction } from './members.js';
import { cardAction, inviteAction, recoveryAction } from './papers.js';
import { rekeyAction } from './rekey.js';
import { verifyAction } from './verify.js';
import type { VaultAction } from './vault-action.js';

type Name = (typeof fixedWords)['vault-action'][number];

/** What can be done about vaults, by the word that says it. */
export const vaultActions: Readonly<Record<Name, VaultAction>> = {
  create: createAction,
  list: listAction,
  members: membersAction,
  add: addAction,
  remove: removeAction,
  role: roleAction,
  join: joinAction,
  leave: leaveAction,
  invite: inviteAction,
  card: cardAction,
  recovery: recoveryAction,
  rekey: rekeyAction,
  verify: verifyAction,
  export: exportAction,
};
