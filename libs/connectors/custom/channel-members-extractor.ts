import { list, template } from '../manifest/fields.js';
import { take } from '../records/extractors.component.js';
import { counted } from '../records/extractor.js';
import { plugIn } from './plug-in.js';

/** Slack lists a channel's members as plain texts: each becomes a record `{member_id}`. */
export const channelMembersExtractor = plugIn({
  classNames: [
    'source_slack.components.channel_members_extractor.ChannelMembersExtractor',
    'source_declarative_manifest.components.ChannelMembersExtractor',
  ],
  type: 'CustomRecordExtractor',
  fields: { field_path: list(template()) },
  build:
    ({ field_path: path }) =>
    (answer, scope) => {
      const steps = path.map((step) => step.text(scope));
      const members = answer.bodies().flatMap((body) => take(body, steps));
      return counted(members.map((member) => ({ member_id: member })));
    },
});
