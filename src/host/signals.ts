import os from 'node:os'

/** The numbers of this machine's signals by their names, `SIGTERM`; some have two names. */
export const signalNumbers: Readonly<Record<string, number>> = os.constants.signals

export const signalNames: readonly string[] = Object.keys(signalNumbers)
