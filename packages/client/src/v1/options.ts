import type { ConnectOptions, GetOptions, SendOptions } from '../options.js';

/** How to reach a server of the first generation, and as whom. */
export type V1ClientOptions = Omit<ConnectOptions, 'signal'>;

/** How something is sent over the first generation: it knows neither times nor conditions. */
export type V1SendOptions = Pick<SendOptions, 'size' | 'onProgress' | 'signal' | 'timeout'>;

/**
 * How a file is received over the first generation: whole, and without its time. Until the end,
 * the total of its progress is an upper bound, up to 15 bytes above the file's size, and nothing
 * that is counted was verified.
 */
export type V1GetOptions = Pick<GetOptions, 'overwrite' | 'onProgress' | 'signal' | 'timeout'>;
