import { answerJob } from '../host/worker.ts'
import { changedLines, type CompareJob } from './compare-job.ts'

// Runs in the thread of file-change.ts.
answerJob((job) => [changedLines(job as CompareJob)])
