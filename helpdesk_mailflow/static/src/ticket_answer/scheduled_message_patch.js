import { WayOut } from "./way_out";

import { ScheduledMessage } from "@mail/chatter/web/scheduled_message";
import { ScheduledMessage as ScheduledMessageModel } from "@mail/chatter/web/scheduled_message_model";
import { fields } from "@mail/core/common/record";
import { patch } from "@web/core/utils/patch";

ScheduledMessage.components = { ...ScheduledMessage.components, WayOut };

patch(ScheduledMessageModel.prototype, {
    setup() {
        super.setup(...arguments);
        /** How an answer to a ticket will leave, as of a message: `wasSentFrom`, `helpdesk_cc`, ... */
        this.helpdesk_way = fields.Attr(undefined);
    },
});
