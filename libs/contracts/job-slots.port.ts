/** Places for jobs at one source that allows only so many at once, shared by all who read it. A job is named after what it is for. */
export interface JobSlots {
  /** Takes a place, or keeps the one that the job has; it is lost after `holdMs`. false: `limit` others are taken. Errors: STORE_UNAVAILABLE. */
  take(request: { job: string; limit: number; holdMs: number }): Promise<boolean>;
  /** The job is there, whoever created it: it counts, also where that is more than are allowed. */
  hold(request: { job: string; holdMs: number }): Promise<void>;
  /** The job is over. */
  free(request: { job: string }): Promise<void>;
}
