export { found, StoredFiles, type Finding, type KeptState } from './disk/stored-files.js';
export type { Fault, FaultPlan, PassingRecord } from './fault-proxy/fault.js';
export { FaultProxy, type FaultProxyOptions } from './fault-proxy/fault-proxy.js';
export type { Direction } from './fault-proxy/record-splitter.js';
export { smallDisk } from './small-disk.js';
export { RecordingProxy } from './wire/recording-proxy.js';
