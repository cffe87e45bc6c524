import type { LinkPolicy, TreeOptions } from '@e2eeftp/client';

import { UsageError } from './failure.js';
import type { OptionValues } from './option.js';
import { noFolders, refuseOption } from './v1/refuse-option.js';

/** Files under way at once, at most: each holds a file open on both sides. */
const mostJobs = 256;

/** The options of every command that transfers folders. */
export const treeOptions = {
  exclude: {
    type: 'list',
    describe: 'Leave out what matches this pattern, such as "*.tmp" or node_modules; repeatable',
  },
  include: {
    type: 'list',
    describe: 'Leave out files that match no such pattern; repeatable',
  },
  'dry-run': { type: 'boolean', describe: 'Only say what would be done' },
  jobs: {
    type: 'count',
    alias: 'j',
    minimum: 1,
    maximum: mostJobs,
    describe: 'Files under way at once; 192 by default',
  },
} as const;

/** The option for symbolic links, of the commands that read local folders. */
export const linksOption = {
  type: 'string',
  describe: 'What to do about symbolic links in folders: skip (the default) or follow them',
} as const;

/** What the user gave for these options. */
export type TreeOptionValues = OptionValues<typeof treeOptions>;

/**
 * @param values - what the user gave
 * @returns it, as the library takes it
 */
export function treeOptionsOf({
  exclude,
  include,
  'dry-run': dryRun,
  jobs,
}: TreeOptionValues): Pick<TreeOptions, 'concurrency' | 'dryRun' | 'exclude' | 'include'> {
  return { exclude, include, dryRun, concurrency: jobs };
}

/**
 * @param text - what the user gave for symbolic links
 * @returns what to do about them
 * @throws UsageError
 */
export function linkPolicyOf(text = 'skip'): LinkPolicy {
  if (text === 'skip' || text === 'follow') return text;
  throw new UsageError(`--links (E2EEFTP_LINKS) is skip or follow, and not "${text}"`);
}

/**
 * Refuses what the first generation of the protocol cannot serve.
 *
 * @param values - what the user gave
 * @throws UsageError
 */
export function refuseTreeOptions(values: TreeOptionValues): void {
  refuseOption('exclude', values.exclude.length > 0, noFolders);
  refuseOption('include', values.include.length > 0, noFolders);
  refuseOption('jobs', values.jobs !== undefined, 'files go one after the other there');
  refuseOption('dry-run', values['dry-run'], 'nothing can be asked there beforehand');
}
