export { MetricsServer } from './metrics-server.js';
export { ServerMetrics } from './server-metrics.js';
