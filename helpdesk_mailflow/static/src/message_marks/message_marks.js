import { Message } from "@mail/core/common/message";
import { Message as MessageModel } from "@mail/core/common/message_model";
import { fields } from "@mail/core/common/record";
import { patch } from "@web/core/utils/patch";
import { Component, useState } from "@odoo/owl";

/** Classes of a badge by the kind that `_mailflow_marks` gives it. */
const CLASSES = {
    success: "text-success",
    info: "text-bg-info",
    warning: "text-bg-warning",
    danger: "text-bg-danger",
};
const ICONS = {
    success: "fa-check-circle",
    info: "fa-info-circle",
    warning: "fa-exclamation-triangle",
    danger: "fa-exclamation-triangle",
};

/**
 * What agents should know of a mail at a glance. The sentence of a badge is its tooltip, and shows
 * when it is pressed, since there are no tooltips on a phone.
 */
export class MessageMarks extends Component {
    static template = "helpdesk_mailflow.MessageMarks";
    static props = { marks: Array };

    setup() {
        this.state = useState({ open: "" });
    }

    classOf(mark) {
        return CLASSES[mark.kind] || CLASSES.info;
    }

    iconOf(mark) {
        return ICONS[mark.kind] || ICONS.info;
    }

    get sentence() {
        return this.props.marks.find(({ code }) => code === this.state.open)?.sentence;
    }

    toggle({ code }) {
        this.state.open = this.state.open === code ? "" : code;
    }
}

Message.components = { ...Message.components, MessageMarks };

patch(MessageModel.prototype, {
    setup() {
        super.setup(...arguments);
        /** @type {{ code: string, label: string, sentence: string, kind: string }[]|undefined} */
        this.helpdesk_marks = fields.Attr(undefined);
    },
});
