// Talks to two workers line by line. One of them crashes, and the other one does not notice.
//
//   torch start --home /tmp/two-workers --tasks tasks.yaml
//   TORCH_HOME=/tmp/two-workers node main.js
import { connect } from 'torchd'

const torch = connect()

/** Prints what a worker prints, and how it ends. */
async function show(worker) {
  for await (const { line } of worker.lines()) console.log(`${worker.task}: ${line}`)
  const { outcome, exitCode, signal } = await worker.over
  console.log(`${worker.task} ended: ${outcome}, ${signal ?? `exit code ${exitCode}`}`)
}

const first = await torch.run('worker1')
const second = await torch.run('worker2')
const firstIsShown = show(first)
const secondIsShown = show(second)

// Each worker is a shell, so each line is a command.
await first.send('echo hello from $TORCH_TASK')
await second.send('echo hello from $TORCH_TASK')
await first.send('kill -KILL $$')
await firstIsShown

await second.send('echo still here')
await second.end()
await secondIsShown
