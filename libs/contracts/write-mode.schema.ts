import { z } from 'zod';
import { RESUMES, WRITE_MODES } from './write-mode.js';

/** Apart from the words themselves: the engine and the command line use these without loading zod. */
export const writeModeSchema = z.enum(WRITE_MODES);
export const resumeSchema = z.enum(RESUMES);
