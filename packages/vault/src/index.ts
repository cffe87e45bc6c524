export { labels } from './labels.js';
