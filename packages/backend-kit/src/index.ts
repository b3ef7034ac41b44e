/** The type that this backend provides. */
export const type = 'kit'
