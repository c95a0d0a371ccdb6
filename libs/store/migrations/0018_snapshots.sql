-- Up Migration
-- The snapshot of the source that the stream's slices are read from; null: each is seen as of its own moment.
ALTER TABLE control.run_stream
  ADD COLUMN snapshot_bound boolean,      -- all slices must be read from the same one; null: none is held for the stream
  ADD COLUMN snapshot_holder integer NOT NULL DEFAULT 0, -- number of the attempt that holds or takes it; an older one changes nothing
  ADD COLUMN snapshot_taken integer NOT NULL DEFAULT 0,  -- how many were shown to movers so far
  ADD COLUMN snapshot_id text,            -- null: none is held now
  ADD COLUMN snapshot_refused boolean NOT NULL DEFAULT false; -- movers go on without
