import { useEffect, useState } from 'preact/hooks'
import { isAborted, problemWords } from '../ask.ts'

export type Asked<T> =
  | { readonly kind: 'asking' }
  | { readonly kind: 'here'; readonly answer: T }
  | { readonly kind: 'failed'; readonly why: string }

/** Asks again whenever `key` changes. The last answer stays until the next one is here, if only `version` changes. */
export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  key: string,
  version: string | number = '',
): Asked<T> {
  const [state, setState] = useState<{ key: string; asked: Asked<T> }>({
    key,
    asked: { kind: 'asking' },
  })
  useEffect(() => {
    const closing = new AbortController()
    ask(closing.signal).then(
      (answer) => setState({ key, asked: { kind: 'here', answer } }),
      (error: unknown) => {
        if (!isAborted(error))
          setState({ key, asked: { kind: 'failed', why: problemWords(error) } })
      },
    )
    return () => closing.abort()
  }, [key, version])
  return state.key === key ? state.asked : { kind: 'asking' }
}
