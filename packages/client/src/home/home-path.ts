import envPaths from 'env-paths';

/**
 * Says where everything of this person's client is kept: the folder that the environment variable
 * `E2EEFTP_HOME` names, else `e2eeftp` where the platform keeps configuration.
 *
 * @param environment - the variables to look at
 * @returns the folder's path; it need not exist
 */
export function defaultHomePath(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { E2EEFTP_HOME: home } = environment;
  if (home !== undefined && home !== '') return home;
  return envPaths('e2eeftp', { suffix: '' }).config;
}
