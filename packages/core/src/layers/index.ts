export { chaos, type ChaosOptions } from './chaos.ts'
export { concurrency, type ConcurrencyOptions } from './concurrency.ts'
export { deadline } from './deadline.ts'
export type {
  AnyCall,
  AnyStream,
  CallName,
  Layer,
  LayerHooks,
  LayerTarget,
  OperationName,
  Operations,
  StreamName,
} from './layer.ts'
export { durationBucketsMs, Metrics, metrics, type OperationMetrics } from './metrics.ts'
export { retry, type RetryOptions } from './retry.ts'
export { stallTimeout } from './stall.ts'
export { trace, type Span } from './trace.ts'
export { verify } from './verify.ts'
