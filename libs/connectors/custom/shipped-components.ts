import type { CustomComponents } from '../manifest/compiler.js';
import { channelMembersExtractor } from './channel-members-extractor.js';
import { customComponents } from './plug-in.js';

/** Code that ships with the engine, by the Python class it stands for. A new plug-in joins here. */
export const shippedComponents: CustomComponents = customComponents([channelMembersExtractor]);
