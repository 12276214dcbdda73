import { answerJob } from '../host/worker.ts'
import { parseInSlices, type ParseJob } from './parse.ts'

// What runs in the thread of parse.ts.
answerJob((job) => parseInSlices(job as ParseJob))
