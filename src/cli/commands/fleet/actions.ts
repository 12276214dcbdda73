/** The first word behind `torch fleet`. */
export const fleetActions = [
  ...['status', 'history', 'logs', 'run', 'kill', 'reload', 'why', 'init', 'check'],
]
