/** Names that would change together, if ever. */
export const names = {
  /** Keyword in the package.json of a package that holds a plugin, and the field that names its manifest. */
  pluginKeyword: 'kit-backend',
  manifestField: 'kit',
  /** The command. */
  bin: 'kit',
  /** Key of user metadata under which core marks conditional writes, to find out whether one with a lost answer happened. */
  writeId: 'kit-write-id',
  /** Prefix of the last segment of temporary keys that core makes where a store does not replace atomically. */
  temporary: '.kit-tmp-',
} as const

/** The contract that this core speaks. 0: free to change. */
export const contractNumber = 0
