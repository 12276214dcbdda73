/** A larger tasks file is not read at all. */
export const maxFileBytes = 10_000_000

/** Nested maps and lists: the YAML parser is recursive, and would use up the stack. */
export const maxDepth = 64

/** Values of all kinds that aliases expand to: an alias bomb doubles them with every line. */
export const maxAliasedValues = 1_000_000

/** Reported problems of one file: a broken generator makes the same mistake 100,000 times. */
export const maxProblems = 1_000

/** Reported YAML errors of one text: one broken line makes many lines below it look broken. */
export const maxYamlProblems = 20

/** Where a list was found instead of a map, reading stops after this many characters. */
export const maxListChars = 100_000

/** A longer line (JSON without line breaks) is not shown with a problem. */
export const maxSourceChars = 10_000

/** Task names become names of directories. */
export const maxNameChars = 100

/** execve(2) takes at most 128 KiB an argument, and a character is at most three bytes. */
export const maxTextChars = 32_768

/** 128 KiB for a variable: without the NUL at its end, and 8 bytes that the recorder puts in front of it. */
export const maxVariableBytes = 131_063

/** A variable that a task may set: torch sets the other names that begin with TORCH_ itself. */
export const allowedName = /^(?!TORCH_)|^TORCH_HOME$/

/** Guessed hints for one text: each one compares a word with all candidates. */
export const maxGuesses = 100

/** A script that is larger is not fetched: scripts are small, and programs come in packages. */
export const maxScriptBytes = 100_000_000

/** More often than this, `update: always` says it better. */
export const minUpdateMs = 60_000

/** Descriptors 3, 4 and 5 of a run: the recorder's shell knows only those up to 9, and needs the others. */
export const maxListen = 3

/**
 * sun_path in unix(7) has 108 bytes, with the NUL at its end. torch first binds a name with four more
 * characters, and renames it.
 */
export const maxSocketPathBytes = 103

/** Many servers refuse a longer one. */
export const maxUrlChars = 2_000

/** RFC 5321 allows 320 characters in an address of mail; a name may stand before it. */
export const maxAddressChars = 400

/** Addresses of one mail. More people belong into a list of the mail server. */
export const maxMailAddresses = 50

/** Dates and ranges of one calendar: a century of holidays has fewer. */
export const maxCalendarEntries = 10_000

/** A line of a calendar file is short. */
export const maxCalendarBytes = 1_000_000

/** More often than this, the heartbeat costs more than it tells. */
export const minHeartbeatMs = 10_000

/** Pairs of tasks with one port that are compared: each comparison takes some microseconds. */
export const maxAddressPairs = 50_000

/** A shorter fence would end runs whenever the servers of the engine choose a new leader, which takes up to 8 s. */
export const minFenceMs = 15_000

/** Choosing a leader must fit into it, and the machines must not wait for one slot for ever. */
export const minStartWithinMs = 5_000
export const maxStartWithinMs = 10 * 60_000

/** The fleet forgets after 48 h which slots were started. */
export const maxFleetCatchupMs = 24 * 3_600_000
