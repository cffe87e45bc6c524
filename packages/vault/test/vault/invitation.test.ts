import { expect, test } from '@jest/globals';

import { formatInvitation, parseInvitation } from '../../src/index.js';
import { filled } from '../support/bytes.js';
import { codeOf } from '../support/errors.js';
import { person } from '../support/people.js';

test('an invitation says which vault, and who began it', async () => {
  const { fingerprint: firstOwner } = await person('alice');
  const invitation = { vault: filled(16, 3), firstOwner };
  const text = formatInvitation(invitation);
  expect(parseInvitation(text)).toEqual(invitation);
  expect(parseInvitation(`  ${text}\n`)).toEqual(invitation);
  const [kind, id, owner] = text.split(':') as [string, string, string];
  expect(parseInvitation(`${kind}:${id}:${owner.toLowerCase().replaceAll('-', '')}`)).toEqual(
    invitation,
  );
  for (const wrong of [
    '',
    id,
    `${kind}:${id}`,
    `${kind}:${id}:`,
    `${text}:`,
    `${kind}:${id.toUpperCase()}:${owner}`,
    `${kind}:${id}:${owner.slice(1)}`,
    `vault:${id}:${owner}`,
  ]) {
    expect(codeOf(() => parseInvitation(wrong))).toBe('malformed');
  }
});
