import { expect, test } from '@jest/globals';

import { jsonLines, makeWorld } from './support/world.js';

test('every command that has no test of its own for it speaks JSON', async () => {
  const world = await makeWorld();
  const lines: [string, Record<string, unknown>][] = [
    ['mkdir box', { type: 'directory', path: 'home:box' }],
    ['mv box crate', { type: 'renamed', from: 'home:box', to: 'home:crate' }],
    ['stat crate', { type: 'directory', path: 'home:crate' }],
    ['ping', { type: 'pong', milliseconds: expect.any(Number) }],
    ['whoami', { type: 'whoami', name: 'tester', access: 'rw', quota: null, used: null }],
    ['id', { type: 'identity', isNew: false, key: expect.any(String) }],
    ['pwd', { type: 'folder', path: 'home:' }],
    ['lmkdir here', { type: 'local-folder', path: expect.stringMatching(/here$/u) }],
    ['lpwd', { type: 'local-folder', path: world.work }],
    ['lls', { type: 'directory', path: 'here' }],
    ['help pwd', { type: 'help', text: expect.any(String) }],
    ['rm crate', { type: 'removed', path: 'home:crate' }],
  ];
  const input = lines.map(([line]) => `${line}\n`).join('');
  const { exitCode, stdout, stderr } = await world.run(['shell', '--json'], { input });
  expect(jsonLines(stdout)).toEqual(lines.map(([, fields]) => expect.objectContaining(fields)));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const completion = await world.run(['completion', 'fish', '--json']);
  expect(jsonLines(completion.stdout)).toEqual([
    { type: 'script', shell: 'fish', script: expect.any(String) },
  ]);
});
