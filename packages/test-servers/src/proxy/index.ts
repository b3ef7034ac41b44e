export { startFaultProxy } from './fault-proxy.ts'
export type { FaultProxy, FaultProxyOptions } from './fault-proxy.ts'
export type { Answer, Direction, Faults, Injection, Limit, RequestHead } from './faults.ts'
export type { RequestRecord, Target } from './http-injector.ts'
