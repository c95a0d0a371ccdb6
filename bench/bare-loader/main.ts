import { jobSchema, type Outcome } from './job.js';
import { load } from './loader.js';

const job = jobSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
const { rows, seconds } = await load(job);
const outcome: Outcome = { rows, seconds, peakMemoryMb: process.resourceUsage().maxRSS / 1024 };
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit(0);
