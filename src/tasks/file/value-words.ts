/** The value of a key that people mean who write a word of another program, or a sentence that says what to write. */
export function wordMeantBy(key: string, written: string): string | undefined {
  return choices.get(key)?.get(written.toLowerCase())
}

const inputWords = {
  live: 'stdin tty pipe stream interactive terminal true yes on',
  queue: 'messages message inbox mailbox',
  none: 'false no off null empty',
}

/** Each of the other words, with the word of torch. */
export function byOtherWord(words: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(words).flatMap(([own, others]) => others.split(' ').map((one) => [one, own])),
  )
}

/** By key: the words of other programs for each value. What has a blank is a sentence instead. */
const choices: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries({
    overlap: {
      queue: 'wait enqueue queued delay',
      skip: 'forbid ignore drop deny no false',
      replace: 'kill cancel restart terminate',
      'write max: unlimited': 'allow parallel yes true',
    },
    catchup: { latest: 'true on yes once last all', off: 'false no none never' },
    type: {
      common: 'cron job task oneshot scheduled',
      daemon: 'service worker always simple',
      manual: 'ondemand on-demand triggered adhoc ad-hoc none command',
    },
    scope: {
      fleet: 'cluster global shared once one single singleton all',
      host: 'local machine node server each every',
    },
    on_lost: { rerun: 'restart retry again reschedule true yes', skip: 'ignore none no false off' },
    outcome: {
      ok: 'okay success succeeded done 0',
      failed: 'fail failure error',
      any: 'all always ended finished',
    },
    input: inputWords,
    mode: inputWords,
    format: { text: 'plain line lines raw string', json: 'jsonl ndjson jsonlines object' },
    update: { always: 'true yes on', never: 'false no off none' },
    on: { failure: 'on-failure onfailure fail error', never: 'false no off none', always: 'true' },
  }).map(([key, words]) => [key, byOtherWord(words)]),
)
