import { createColors } from 'picocolors';

/** Ways to colour text; without colours, they leave it as it is. */
export type Colors = Pick<
  ReturnType<typeof createColors>,
  'blue' | 'bold' | 'cyan' | 'dim' | 'red'
>;

/**
 * Says whether a stream gets colours: a terminal does, unless `NO_COLOR` (no-color.org) says
 * otherwise; `FORCE_COLOR` (force-color.org) counts more than either. An empty variable says nothing.
 *
 * @param stream - where text goes
 * @param stream.isTTY - whether that is a terminal
 * @param environment - the variables to look at
 * @returns the colours
 */
export function colorsFor(
  { isTTY }: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Colors {
  const { FORCE_COLOR: force = '', NO_COLOR: no = '', TERM: terminal } = environment;
  if (force !== '') return createColors(force !== '0' && force !== 'false');
  return createColors(no === '' && isTTY === true && terminal !== 'dumb');
}
