export {
  chooseAddress,
  defaultUrl,
  isPrivate,
  nameOf,
  parseAddress,
  socketAddress,
  type KuboAddress,
} from './address.ts'
export { fieldsOf, type Fields } from './fields.ts'
export { goMode, isSymlink, posixMode, unixTime } from './file-mode.ts'
export type { Part } from './multipart.ts'
export { kuboRpc, type Rpc } from './rpc.ts'
export { kuboTransport, type Asked, type Options } from './transport.ts'
