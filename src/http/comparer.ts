import type { Clock } from '../host/clock.ts'
import type { View } from '../view/view.ts'
import { type Picture, takeFileChange } from './picture.ts'

/** Compares the tasks file on disk with the loaded one in the background: a large file takes seconds. */
interface Comparer {
  /** Once, if nobody has for a while. */
  compare(): void
  /** Again and again from now on; `onChange` is called if the result is another one. */
  follow(onChange: () => void): void
  leave(): void
}

/** A look at a file that has not changed costs little. */
const compareMs = 3_000

/** Compares nothing before it is asked to. */
export function newComparer(view: View, clock: Clock, picture: Picture): Comparer {
  let lastMs = -Infinity
  let isComparing = false
  let following: { readonly onChange: () => void; cancel: () => void } | undefined

  async function compareOnce(): Promise<void> {
    const now = clock.monotonic()
    if (picture.status === undefined || isComparing || now - lastMs < compareMs) return
    lastMs = now
    isComparing = true
    try {
      const before = picture.seq
      takeFileChange(picture, await view.fileChange(picture.status.report))
      if (picture.seq !== before) following?.onChange()
    } catch {
      // The next look tries again.
    } finally {
      isComparing = false
    }
  }

  function followOn(onChange: () => void): void {
    void compareOnce()
    following = { onChange, cancel: clock.after(compareMs, () => followOn(onChange)) }
  }

  return {
    compare: () => void compareOnce(),
    follow(onChange) {
      if (following === undefined) followOn(onChange)
    },
    leave() {
      following?.cancel()
      following = undefined
    },
  }
}
