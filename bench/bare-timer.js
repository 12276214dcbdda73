/**
 * How late this process itself, which has little to do, is for each second, in ms: how busy the
 * machine is. What it has slept through counts once, as late as the first of it.
 */
export function startTimer() {
  const lates = []
  let timer
  const aim = (after) => {
    const due = (Math.floor(after / 1000) + 1) * 1000
    timer = setTimeout(() => {
      // A timer may fire a little early: then it is still the second before.
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
