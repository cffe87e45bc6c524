import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { defaultPort, defaultServerLimits } from '@e2eeftp/server';
import { expect, test } from '@jest/globals';

import { limitsFrom } from '../../src/service/open-service.js';
import { nearest } from '../../src/settings/nearest.js';
import { resolveSettings } from '../../src/settings/resolve.js';
import { readSettingsFile } from '../../src/settings/settings-file.js';
import { settingNames, settingsTable, variableOf } from '../../src/settings/table.js';

const sample = fileURLToPath(new URL('../../deploy/server.toml', import.meta.url));

test('the defaults are those of the server', async () => {
  const { settings, mistakes } = await resolveSettings(settingNames, {});
  expect(mistakes).toEqual([]);
  const { overlap } = defaultServerLimits;
  expect({ ...limitsFrom(settings), overlap }).toEqual(defaultServerLimits);
  expect(settings).toMatchObject({ host: '127.0.0.1', port: defaultPort, data: '.' });
  expect(settings).toMatchObject({ metrics: undefined, 'on-upload': undefined, workers: 1 });
});

test('each setting is a sentence, and has a variable of its own', () => {
  const variables = settingNames.map((name) => variableOf(name));
  expect(new Set(variables).size).toBe(settingNames.length);
  for (const { summary, kind, shownDefault } of Object.values(settingsTable)) {
    expect(summary).toMatch(/^[A-Za-z].*[^.\s]$/u);
    expect([kind.form, shownDefault]).not.toContain('');
  }
});

test('README’s table is the table', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const begin = readme.indexOf('| setting');
  const rows = readme
    .slice(begin, readme.indexOf('\n\n', begin))
    .split('\n')
    .slice(2)
    .map((row) => row.split(/(?<!\\)\|/u).map((cell) => cell.replaceAll('\\|', '|').trim()));
  const expected = Object.entries(settingsTable).map(([name, setting]) => {
    const { kind, shownDefault, summary } = setting;
    return ['', `\`${name}\``, `\`${kind.form}\``, shownDefault, summary, ''];
  });
  expect(rows).toEqual(expected);
});

test('the sample file is good, and names every setting with its default', async () => {
  expect(await readSettingsFile(sample)).toMatchObject({ mistakes: [] });
  const text = await readFile(sample, 'utf8');
  const lines = text
    .split('\n')
    .map((line) => /^(?:# )?(?<name>[\w-]+) = (?<value>.+)$/u.exec(line));
  const shown = new Map(lines.map((match) => [match?.groups?.['name'], match?.groups?.['value']]));
  for (const name of settingNames) {
    expect(shown.has(name)).toBe(true);
    const { default: initial } = settingsTable[name];
    if (initial === undefined || name === 'host' || name === 'data') continue;
    const value = initial === 'on' ? 'true' : initial;
    expect([value, `"${value}"`]).toContain(shown.get(name));
  }
});

test.each([
  ['prot', 'port'],
  ['log_level', 'log-level'],
  ['LOG-LEVEL', 'log-level'],
  ['idle-timout', 'idle-timeout'],
  ['conections', 'connections'],
  ['dta', 'data'],
  ['onupload', 'on-upload'],
  ['unrelated', undefined],
  ['x', undefined],
  ['', undefined],
  ['a'.repeat(100_000), undefined],
])('whoever writes %.20s means %s', (word, meant) => {
  expect(nearest(word, settingNames)).toBe(meant);
});
