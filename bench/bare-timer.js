/** What this process itself, which has little to do, reaches each second: how busy the machine is. */
export function startTimer() {
  const lates = []
  let timer
  const wait = () => 1000 - (Date.now() % 1000)
  const beat = () => {
    const late = Date.now() % 1000
    // A timer may fire a little early: then it is still the second before.
    if (late < 990) lates.push(late)
    timer = setTimeout(beat, wait())
  }
  timer = setTimeout(beat, wait())
  return () => {
    clearTimeout(timer)
    return lates
  }
}
