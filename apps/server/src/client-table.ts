import { fingerprint, type AuthorizedClient } from '@e2eeftp/server';

const header = ['NAME', 'ACCESS', 'V1', 'FINGERPRINT'];

/**
 * @param clients - whom to show
 * @returns a table for people, a line each below a header
 */
export function formatClients(clients: readonly AuthorizedClient[]): string {
  const rows = clients.map(({ name, access, v1, identity }) => [
    name ?? '-',
    access,
    v1 === true ? 'yes' : '-',
    fingerprint(identity),
  ]);
  const all = [header, ...rows];
  const widths = header.map((_title, column) =>
    Math.max(...all.map((row) => (row[column] as string).length)),
  );
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/**
 * @param client - whom to name
 * @returns who it is, in a sentence
 */
export function describeClient({ name, access, v1, identity }: AuthorizedClient): string {
  const who = name === undefined ? '' : `${name}, `;
  const generations = v1 === true ? ', first generation too' : '';
  return `${who}access ${access}${generations}, fingerprint ${fingerprint(identity)}`;
}
