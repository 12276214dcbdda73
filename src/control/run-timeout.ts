import type { StatusReport } from './status-report.ts'

/** Beside the time that a download may take, in milliseconds. */
const spareMs = 10_000

/**
 * How long the daemon may take to answer a `run` request, for askDaemon(): it may have to fetch the script
 * of the task first.
 */
export function runTimeout(
  { tasks }: Pick<StatusReport, 'tasks'>,
  name: string,
): { timeoutMs?: number } {
  const { definition } = tasks.find((task) => task.name === name) ?? {}
  const script = definition?.script
  return script == null ? {} : { timeoutMs: script.timeoutMs + spareMs }
}
