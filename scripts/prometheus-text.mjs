/**
 * Metrics as the SDK of OpenTelemetry collects them, in the text that Prometheus reads, with the names it gives what comes by
 * OTLP (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/): dots become underscores, the unit
 * `s` is written out, units in braces are left out, and counters end in `_total`.
 */
const UNITS = { s: 'seconds', ms: 'milliseconds', By: 'bytes' };
/** As DataPointType of the SDK. */
const HISTOGRAM = 0;
const SUM = 3;

/** @param {readonly import('@opentelemetry/sdk-metrics').MetricData[]} metrics */
export function prometheusText(metrics) {
  return (
    metrics.flatMap((metric) => [`# TYPE ${nameOf(metric)} ${typeOf(metric)}`, ...samples(metric)]).join('\n') + '\n'
  );
}

function nameOf({ descriptor: { name, unit }, ...metric }) {
  const parts = [name.replaceAll(/\W/g, '_'), UNITS[unit], typeOf(metric) === 'counter' && 'total'];
  return parts.filter(Boolean).join('_');
}

function typeOf({ dataPointType, isMonotonic }) {
  if (dataPointType === HISTOGRAM) return 'histogram';
  return dataPointType === SUM && isMonotonic ? 'counter' : 'gauge';
}

function samples(metric) {
  const name = nameOf(metric);
  if (typeOf(metric) !== 'histogram') {
    return metric.dataPoints.map(({ attributes, value }) => `${name}${labels(attributes)} ${value}`);
  }
  return metric.dataPoints.flatMap(({ attributes, value: { buckets, count, sum } }) => {
    let below = 0;
    const bounds = [...buckets.boundaries, '+Inf'];
    return [
      ...bounds.map(
        (le, index) => `${name}_bucket${labels({ ...attributes, le })} ${(below += buckets.counts[index])}`,
      ),
      `${name}_sum${labels(attributes)} ${sum}`,
      `${name}_count${labels(attributes)} ${count}`,
    ];
  });
}

function labels(attributes) {
  const pairs = Object.entries(attributes).map(
    ([key, value]) => `${key.replaceAll(/\W/g, '_')}=${JSON.stringify(String(value))}`,
  );
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}
