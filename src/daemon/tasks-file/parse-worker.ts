import { answerJob } from '../../host/worker.ts'
import { cutAnswer, type ParseJob } from './parse.ts'
import { parseJob } from './parse-job.ts'

// Runs in the thread of parse.ts.
answerJob((job) => cutAnswer(parseJob(job as ParseJob)))
