import { AggregatorRegistry } from 'prom-client'
import type { MetricsReport } from '../control/metrics-report.ts'
import type { ProcessUsage } from '../host/process-usage.ts'
import { familiesOf, type OfflineMetrics } from './families.ts'

/**
 * The text that Prometheus and the textfile collector of node_exporter read: the type is `text/plain;
 * version=0.0.4; charset=utf-8`. `server`: what `torch web` uses, if that is what Prometheus asks.
 */
export function metricsText(
  facts: MetricsReport | OfflineMetrics,
  server?: ProcessUsage,
): Promise<string> {
  // The library's way in for numbers that another process has counted, histograms included.
  const metrics = familiesOf(facts, server).map((family) => ({ ...family, aggregator: 'first' }))
  return AggregatorRegistry.aggregate([metrics]).metrics()
}
