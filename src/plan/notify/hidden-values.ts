/** A value with fewer characters may be an ordinary word or number, such as `1`, `true` or `prod`. */
const minChars = 6
/** The same for a variable whose name says that it is a secret. */
const minSecretChars = 3

/** `DB_PASSWORD`, `API_KEY`, `PIN`. */
const secretName =
  /PASS|PWD|SECRET|TOKEN|CREDENTIAL|KEYS?(?:_|$)|(?:^|_)(?:AUTH|OTP|PIN|PSK|SALT)(?:_|$)/i

/**
 * What no message may show: the values of these variables, and each line of a value with several. The longest come
 * first, because one may be a part of another. Short ones are left out, unless the name says that they are secret:
 * without every `1` a text cannot be read.
 */
export function hiddenValues(variables: Iterable<readonly [string, string]>): readonly string[] {
  const values = [...variables].flatMap(([name, value]) => {
    const least = secretName.test(name) ? minSecretChars : minChars
    return [value, ...value.split('\n')].filter((each) => each.trim().length >= least)
  })
  return [...new Set(values)].toSorted((a, b) => b.length - a.length)
}

/** The text with `***` in place of each of these values. */
export function withoutValues(text: string, values: readonly string[]): string {
  return values.reduce((left, value) => left.replaceAll(value, '***'), text)
}

/** Where a text can be cut so that its end does not begin within one of these values: at `at`, or behind it. */
export function cutBehindValues(text: string, at: number, values: readonly string[]): number {
  if (at === 0) return 0
  const ends = values.map((value) => {
    const from = text.lastIndexOf(value, at - 1)
    return from === -1 ? at : from + value.length
  })
  const end = Math.max(at, ...ends)
  return end === at ? at : cutBehindValues(text, end, values)
}
