/** What was looked at last, by name: at most so many, the one that was not looked at for the longest leaving first. */
export interface Recent<Value> {
  get(name: string): Value | undefined
  set(name: string, value: Value): void
}

export function recent<Value>(most: number): Recent<Value> {
  const values = new Map<string, Value>()
  return {
    get(name) {
      const value = values.get(name)
      if (value === undefined) return undefined
      values.delete(name)
      values.set(name, value)
      return value
    },
    set(name, value) {
      values.delete(name)
      values.set(name, value)
      if (values.size <= most) return
      for (const oldest of values.keys()) {
        values.delete(oldest)
        return
      }
    },
  }
}
