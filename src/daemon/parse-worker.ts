import { answerJob } from '../host/worker.ts'
import { parseJob, type ParseJob } from './parse.ts'

// What runs in the thread of parse.ts.
answerJob((job) => parseJob(job as ParseJob))
