import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CharField, charField } from "@web/views/fields/char/char_field";

/** A header of a mail; one that is missing is said to be. */
export class IncomingMailHeader extends CharField {
    get formattedValue() {
        return super.formattedValue || this.missing;
    }

    get missing() {
        return this.props.name === "subject" ? _t("(no subject)") : _t("(no sender)");
    }
}

registry.category("fields").add("helpdesk_incoming_mail_header", {
    ...charField,
    component: IncomingMailHeader,
});
