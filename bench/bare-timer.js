/**
 * Measures how late this process, which does little else, wakes for each second, in ms. This shows how
 * busy the machine is. Several seconds that it slept through count once, with the lateness of the first.
 */
export function startTimer() {
  const lates = []
  let timer
  const aim = (after) => {
    const due = (Math.floor(after / 1000) + 1) * 1000
    timer = setTimeout(() => {
      // A timer may fire a little early, before its second begins.
      const late = Math.max(Date.now() - due, 0)
      lates.push(late)
      aim(due + late)
    }, due - Date.now())
  }
  aim(Date.now())
  return () => {
    clearTimeout(timer)
    return lates
  }
}
