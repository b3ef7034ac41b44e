/** Totals in the form that Prometheus reads. */

type Labels = Readonly<Record<string, string>>

/** One number of a metric. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
  /** Where it is not the metric's own: a bucket, a sum, a count. */
  readonly metricName?: string
}

/** The samples of a histogram; `counts` has one for each bound and one beyond, not cumulated. Everything in seconds. */
export function histogramSamples(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
): Sample[] {
  let total = 0
  const buckets = [...bounds.map(String), '+Inf'].map((le, index) => {
    total += counts[index] ?? 0
    return { labels: { ...labels, le }, value: total, metricName: `${name}_bucket` }
  })
  return [
    ...buckets,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: total, metricName: `${name}_count` },
  ]
}
