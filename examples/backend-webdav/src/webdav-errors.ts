import type { StatusCodes } from '@kit/core/http'

// 409 is RFC 4918's word for a missing parent. 423 passes: servers lock a name while another client changes it.
const changing: StatusCodes = { 409: 'NotFound', 423: 'Unavailable' }
const special: Record<string, StatusCodes> = { GET: { 405: 'IsDirectory' } }

/** What statuses mean here where that is not what they mean in HTTP. */
export const statusCodes = (method: string): StatusCodes => special[method] ?? changing
