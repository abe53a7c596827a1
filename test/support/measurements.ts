import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  type MetricData,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';

/** What the module has measured, read by the SDK of OpenTelemetry. Make it before the application: it is the global one. */
export class Measurements {
  private readonly exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  private readonly reader = new PeriodicExportingMetricReader({
    exporter: this.exporter,
    exportIntervalMillis: 3_600_000,
  });
  private readonly provider = new MeterProvider({ readers: [this.reader] });

  constructor() {
    metrics.setGlobalMeterProvider(this.provider);
  }

  /** Every instrument that has measured something. */
  async all(): Promise<MetricData[]> {
    this.exporter.reset();
    await this.reader.forceFlush();
    return this.exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  }

  /** The points of one instrument: how many measurements, or which sum, by the values of its attributes. */
  async of(name: string): Promise<Record<string, number>> {
    const points: DataPoint<unknown>[] =
      (await this.all()).find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    return Object.fromEntries(
      points.map(({ attributes, value }) => [Object.values(attributes).join(' '), valueOf(value)]),
    );
  }

  async stop(): Promise<void> {
    metrics.disable();
    await this.provider.shutdown();
  }
}

/** The sum of a counter, or how many measurements a histogram has. */
function valueOf(value: unknown): number {
  return typeof value === 'number' ? value : (value as { count: number }).count;
}
