#!/usr/bin/env node
/** Placeholder. */
export const placeholder = true;
