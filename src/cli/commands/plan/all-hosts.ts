import { type Block, blocksOf } from '../../../forecast/blocks.ts'
import { type Forecast, forecastOf } from '../../../forecast/forecast.ts'
import { type Herd, herdOn } from '../../../forecast/host-spikes.ts'
import { namedHosts } from '../../../forecast/hosts.ts'
import { fileWarnings } from '../../../forecast/warnings.ts'
import type { TasksFile } from '../../../tasks/task.ts'
import { blockText, isKnown } from './block.ts'
import { legendText, warningsText } from './closing.ts'
import { pageFor, type Paper, paragraph } from './page.ts'

/** What all hosts of a file run in the day after `from`, as people read it, part by part. */
export function* wholePlan(paper: Paper, file: TasksFile, from: number): Generator<string> {
  const hosts = namedHosts(file)
  const blocks = blocksOf(hosts)
  const shown = blocks.flatMap(({ own }) => own)
  const page = pageFor(paper, shown)
  const herds: Herd[] = []
  let varies = false
  for (const block of blocks) {
    const forecast = forecastOfBlock(block, from)
    const herd = herdOn(forecast, isKnown(block))
    if (herd !== undefined) herds.push(...block.hosts.map(({ host }) => ({ ...herd, host })))
    varies ||= !isKnown(block) && forecast.tasks.some((task) => task.varies)
    yield blockText(page, block, forecast)
  }
  const disabled = file.tasks.filter((task) => !task.enabled).map(({ name }) => name)
  if (disabled.length > 0) yield paragraph(page, `not enabled: ${disabled.join(', ')}`)
  yield legendText(page, { varies, part: shown.some(({ part }) => part) })
  yield warningsText(page, fileWarnings(file, hosts, herds, { from, zone: paper.zone }))
}

/** As on a machine that has the name of the first of its hosts. */
function forecastOfBlock({ hosts, tasks }: Block, from: number): Forecast {
  return forecastOf(
    tasks.map(({ task }) => task),
    hosts[0]?.host ?? '',
    from,
  )
}
