import type { MetricData } from '@opentelemetry/sdk-metrics';

/** What the SDK collects, in the text that Prometheus reads. */
export function prometheusText(metrics: readonly MetricData[]): string;
