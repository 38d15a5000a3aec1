import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { CharField, charField } from "@web/views/fields/char/char_field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { HtmlField, htmlField } from "@html_editor/fields/html_field";
import { Component, useEffect, useRef, useState } from "@odoo/owl";

/** How long somebody stops typing before the preview follows, in milliseconds. */
const PAUSE = 600;

/** Rich text whose changes are known to the form while one types. */
export class LiveHtmlField extends HtmlField {
    setup() {
        super.setup();
        this.commitSoon = useDebounced(() => this.commitChanges(), PAUSE);
    }

    onChange() {
        super.onChange();
        this.commitSoon();
    }
}

registry.category("fields").add("helpdesk_live_html", {
    ...htmlField,
    component: LiveHtmlField,
});

/** A line of text whose changes are known to the form while one types. */
export class LiveCharField extends CharField {
    setup() {
        super.setup();
        const commitSoon = useDebounced(() => {
            const value = this.input.el?.value;
            if (value !== undefined && value !== this.props.record.data[this.props.name]) {
                this.props.record.update({ [this.props.name]: value });
            }
        }, PAUSE);
        useEffect(
            (input) => {
                input?.addEventListener("input", commitSoon);
                return () => input?.removeEventListener("input", commitSoon);
            },
            () => [this.input.el]
        );
    }

    /** Spaces at the end go when one leaves the field, not while one types. */
    get shouldTrim() {
        return super.shouldTrim && this.input.el !== document.activeElement;
    }
}

registry.category("fields").add("helpdesk_live_char", {
    ...charField,
    component: LiveCharField,
});

/** The placeholders there are: a click writes one where the cursor is. */
export class PlaceholdersField extends Component {
    static template = "helpdesk_mailflow.Placeholders";
    static props = { ...standardFieldProps };

    setup() {
        this.notification = useService("notification");
    }

    get placeholders() {
        return Object.entries(this.props.record.data[this.props.name] || {}).map(
            ([name, meaning]) => ({ text: `{${name}}`, meaning })
        );
    }

    /**
     * The mouse button must not take the cursor out of the text.
     *
     * @param {MouseEvent} ev
     */
    onMouseDown(ev) {
        ev.preventDefault();
    }

    /** @param {String} text */
    async onClick(text) {
        const form = this.__owl__.bdom.parentEl?.closest(".o_form_view") || document;
        const active = document.activeElement;
        const writable =
            active && form.contains(active) && (active.isContentEditable || active.matches("input[type=text], textarea"));
        // of an input and of the editor alike, with their undo
        if (writable && document.execCommand("insertText", false, text)) {
            return;
        }
        await navigator.clipboard.writeText(text);
        this.notification.add(_t("%s is copied: paste it into the subject or the text.", text), {
            type: "info",
        });
    }
}

registry.category("fields").add("helpdesk_placeholders", {
    component: PlaceholdersField,
    supportedTypes: ["json", "jsonb"],
});

/** A mail as its reader sees it. Nothing in it runs, nothing in it leads out of the frame. */
export class MailPreviewField extends Component {
    static template = "helpdesk_mailflow.MailPreview";
    static props = { ...standardFieldProps };

    setup() {
        this.frame = useRef("frame");
        this.state = useState({ phone: false, height: 420 });
    }

    get mail() {
        return this.props.record.data[this.props.name] || "";
    }

    fit() {
        const root = this.frame.el?.contentDocument?.documentElement;
        if (root) {
            // shrunk first, since a document is never lower than its frame
            this.state.height = Math.min(Math.max(root.querySelector("body").scrollHeight, 240), 1400);
        }
    }

    /** @param {Boolean} phone */
    show(phone) {
        this.state.phone = phone;
        this.state.height = 240;
        // once the frame has its new width
        setTimeout(() => this.fit(), 50);
    }
}

registry.category("fields").add("helpdesk_mail_preview", {
    component: MailPreviewField,
    supportedTypes: ["text", "html"],
});
