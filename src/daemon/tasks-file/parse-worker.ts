import { answerJob } from '../../host/worker.ts'
import { parseInSlices } from './parse-job.ts'
import type { ParseJob } from './parse.ts'

// What runs in the thread of parse.ts.
answerJob((job) => parseInSlices(job as ParseJob))
