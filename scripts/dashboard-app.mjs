import { createServer } from 'node:http';
import { metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { prometheusText } from './prometheus-text.mjs';

/** The sample application with an SDK of OpenTelemetry before it; METRICS_PORT serves what it measures to Prometheus. */
class OnDemand extends MetricReader {
  onForceFlush() {
    return Promise.resolve();
  }
  onShutdown() {
    return Promise.resolve();
  }
}

const reader = new OnDemand();
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
createServer(async (_, response) => {
  const { resourceMetrics } = await reader.collect();
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(prometheusText(resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)));
}).listen(Number(process.env.METRICS_PORT), '127.0.0.1');

await import('../.build/sample-app/main.js');
