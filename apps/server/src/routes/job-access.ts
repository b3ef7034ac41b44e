import { errorCode, type CallOptions } from '@kit/core'
import type { Access } from '../access/access.ts'
import { hasAll } from '../access/links.ts'
import type { JobEnd, JobRequest } from '../jobs/job.ts'
import { storeNamed, type StoreSource } from '../stores.ts'

/**
 * Checks that the token may do all that the job does, to whatever it may meet. Links lead anywhere in a store: who has only a part of it
 * has them left out, which the job tells of.
 * @throws PermissionDenied before a store is asked
 */
export async function requireJob(
  access: Access,
  request: JobRequest,
  stores: StoreSource,
  call: CallOptions,
): Promise<JobRequest> {
  const { kind, from, to } = request
  const source = await placeOf(access, from, stores, call)
  const target = await placeOf(access, to, stores, call)
  access.require('list', from.store, source)
  access.require('read', from.store, source)
  access.require('list', to.store, target)
  if (kind === 'check') access.require('read', to.store, target)
  else access.require('write', to.store, target)
  if (kind === 'move') access.require('delete', from.store, source)
  if (kind === 'sync' && request.delete === true) access.require('delete', to.store, target)
  if (hasAll(access, from.store) && hasAll(access, to.store)) return request
  if (request.links !== undefined && request.links !== 'skip') {
    access.require('read', from.store)
    access.require('write', to.store)
  }
  return { ...request, links: 'skip' }
}

/** What the token must have: the object itself, or all that is below the directory. */
async function placeOf(
  access: Access,
  { store: name, key }: JobEnd,
  stores: StoreSource,
  call: CallOptions,
): Promise<string> {
  if (key === '' || access.visible(name, key) || !access.visible(name, `${key}/`)) return key
  const store = await storeNamed(stores, name, access)
  try {
    const { kind } = await store.stat(key, call)
    return kind === 'directory' ? `${key}/` : key
  } catch (error) {
    if (errorCode(error) === 'NotFound') return `${key}/`
    throw error
  }
}
