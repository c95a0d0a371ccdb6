import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';

export async function publishGeneration(_session: Session, _row: StreamRow, _target: StreamTarget): Promise<void> {}
