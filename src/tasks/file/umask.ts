/**
 * umask(2) of octal digits: `022`, `0022`, `"022"`, `0o022` are all 0o22. YAML 1.2 reads 022 as the
 * number 22, so the decimal digits of a number are what its author wrote, and meant as octal.
 */
export function parseUmask(written: string | number): number | undefined {
  const match = /^(?:0o)?0*([0-7]{1,3})$/.exec(String(written))
  return match === null ? undefined : parseInt(match[1] ?? '', 8)
}

/** As people write it: `022`. */
export function formatUmask(mask: number): string {
  return mask.toString(8).padStart(3, '0')
}
