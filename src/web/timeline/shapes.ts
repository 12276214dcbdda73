import type { Mark } from './marks.ts'

/** The height of a row of the timeline, in px, and the line on which its bars stand. */
export const plotHeight = 32
const base = 25
const lowTop = 14
const highTop = 9

/** One path for each class of marks, so that a row is a few elements however many runs it has. */
export type Shapes = Readonly<Record<string, string>>

/**
 * The outlines of marks by the class that paints them. An outcome has a shape of its own beside its colour: ok is
 * a low bar, failed a high bar with a ball on it, timeout a high bar with a flat cap, killed a low hollow bar,
 * spawn-failed a cross, unknown a high hollow bar; a missed slot is a hollow diamond, a skipped one a hollow triangle.
 */
export function shapesOf(marks: readonly Mark[]): Shapes {
  const paths: Record<string, string> = {}
  const add = (kind: string, path: string): void => {
    paths[kind] = (paths[kind] ?? '') + path
  }
  for (const mark of marks) {
    const { x, width } = mark
    switch (mark.kind) {
      case 'ok':
        add('ok', box(x, lowTop, width))
        break
      case 'running':
        add('running', rect(x, lowTop + 0.5, width, base - lowTop - 1))
        add('arrow', pointer(x + width - 1))
        break
      case 'failed':
        add('failed', box(x, highTop, width) + ball(x + Math.min(width, 2) / 2, 6, 3))
        break
      case 'timeout':
        add('failed', box(x, highTop, width) + rect(x - 2.5, 4, Math.max(width, 2) + 5, 2.5))
        break
      case 'spawn-failed':
        add('crossed', cross(x + 1, 17, 4))
        break
      case 'unknown':
        add('unknown', box(x + 0.5, highTop, Math.max(width - 1, 2)))
        break
      case 'killed':
        add('killed', box(x + 0.5, lowTop + 0.5, Math.max(width - 1, 2)))
        break
      case 'gap':
      case 'skipped':
      case 'missed':
        if (mark.kind === 'gap') addGap(add, mark)
        break
      case 'planned':
        add('planned', rect(x - 1.5, lowTop + 2, width + 3, 8))
        break
      case 'dense': {
        const height = Math.max(2, mark.part.level * (base - 6))
        const failed = mark.part.failed === 0 ? 0 : Math.max(2, mark.part.failedLevel * (base - 6))
        const wide = Math.max(1, width - 0.5)
        add('dense', rect(x, base - height, wide, Math.max(0, height - failed)))
        // Cut off from the rest, so that it is seen without its colour.
        if (failed > 0) add('failed', rect(x, base - height - 1.5, wide, failed))
        break
      }
    }
  }
  return paths
}

function addGap(add: (kind: string, path: string) => void, mark: Mark & { kind: 'gap' }): void {
  const isMissed = mark.gap[3] === 'missed'
  const { x, width } = mark
  // A long gap is a line between its first slot and its last one.
  if (width > 10) add(isMissed ? 'missed' : 'skipped', `M${x + 5} 19.5H${r(x + width - 5)}`)
  for (const at of width > 10 ? [x, x + width] : [x + width / 2])
    add(isMissed ? 'missed' : 'skipped', isMissed ? diamond(at, 19.5, 4.5) : triangle(at, 15.5, 4))
}

/** Around a mark that a person points at. */
export function outlineOf({ x, width }: Mark): { x: number; width: number } {
  return { x: r(x - 3), width: r(Math.max(width, 2) + 6) }
}

function r(value: number): number {
  return Math.round(value * 10) / 10
}

function box(x: number, top: number, width: number): string {
  return rect(x, top, width, base - top)
}

function rect(x: number, y: number, width: number, height: number): string {
  return `M${r(x)} ${r(y)}h${r(width)}v${r(height)}h${r(-width)}z`
}

function ball(x: number, y: number, radius: number): string {
  return `M${r(x - radius)} ${r(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`
}

function pointer(x: number): string {
  return `M${r(x)} ${lowTop - 1}l6 ${(base - lowTop) / 2 + 1}l-6 ${(base - lowTop) / 2 + 1}z`
}

function diamond(x: number, y: number, radius: number): string {
  return `M${r(x - radius)} ${y}l${radius} ${-radius}l${radius} ${radius}l${-radius} ${radius}z`
}

function triangle(x: number, y: number, radius: number): string {
  return `M${r(x - radius)} ${y}h${2 * radius}l${-radius} ${radius * 1.8}z`
}

function cross(x: number, y: number, radius: number): string {
  const size = 2 * radius
  return `M${r(x - radius)} ${y - radius}l${size} ${size}m0 ${-size}l${-size} ${size}`
}
