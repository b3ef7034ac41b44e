/** Environment variables, as the caller passes them. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * Replaces `${NAME}` by the variable's value; `$${NAME}` stands for the text `${NAME}` itself. Variables that are not set, and what
 * looks like a reference and is none, go to `tell`.
 */
export function substitute(text: string, variables: Variables, tell: (message: string) => void): string {
  if (!text.includes('${')) return text
  return text.replaceAll(/\$?\$\{([^}]*)(\}?)/g, (whole: string, name: string, end: string) => {
    if (whole.startsWith('$$')) return whole.slice(1)
    if (end === '' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      tell(`${whole} is no reference of the form \${NAME}; write $$ for a dollar sign before a brace`)
      return whole
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) tell(`the environment variable ${name} is not set`)
    return value ?? ''
  })
}
