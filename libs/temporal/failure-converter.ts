import { DefaultFailureConverter } from '@temporalio/common';

/** Moves message and stack of failures into a payload, so that the codec encrypts them too. Loaded by path, into the workflows' bundle as well. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
