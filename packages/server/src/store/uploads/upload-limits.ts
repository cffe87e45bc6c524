/** Unfinished uploads of one identity that are kept: each costs two files, which no quota counts. */
export const maximumUnfinished = 1000;

/** Finished uploads of one identity that are remembered at least; older ones may be forgotten. */
export const rememberedUploads = 1000;
