#!/usr/bin/env node
// Bundles the program whose folder this runs in.
import { bundle } from './bundle.js';

await bundle(process.cwd());
