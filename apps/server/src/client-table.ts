import { fingerprint, formatSize, type AuthorizedClient } from '@e2eeftp/server';

const header = ['NAME', 'ACCESS', 'V1', 'QUOTA', 'FINGERPRINT'];

/**
 * @param clients - whom to show
 * @returns a table for people, a line each below a header
 */
export function formatClients(clients: readonly AuthorizedClient[]): string {
  const rows = clients.map(({ name, access, v1, quota, identity }) => [
    name ?? '-',
    access,
    v1 === true ? 'yes' : '-',
    quota === undefined ? '-' : formatSize(quota),
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
export function describeClient(client: AuthorizedClient): string {
  const { name, access, v1, quota, identity } = client;
  const who = name === undefined ? '' : `${name}, `;
  const generations = v1 === true ? ', first generation too' : '';
  const bound = quota === undefined ? '' : `, quota ${formatSize(quota)}`;
  return `${who}access ${access}${bound}${generations}, fingerprint ${fingerprint(identity)}`;
}
