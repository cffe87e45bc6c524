/**
 * Makes of a package what a stranger gets who installs it, without its dependencies: the manifest
 * and the files that it names.
 *
 * @param folder - the package
 * @param destination - an empty folder
 */
export function copyPackage(folder: URL, destination: string): Promise<void>;
