import { errorSentence } from "../scanner_rule/server_error";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onWillUnmount, useEffect, useExternalListener, useState } from "@odoo/owl";

const { DateTime } = luxon;

/** Milliseconds between two questions to the server. */
export const PAUSE = 4000;
/** Minutes after which a mail is late, and no longer asked for. */
export const LATE = 30;

/**
 * Waits for a mail that the guide is about: the test mail, or the confirmation mail of a provider.
 * Asks the server every few seconds, and not while nobody looks at the tab.
 */
export class WaitingForMail extends Component {
    static template = "helpdesk_mailflow.WaitingForMail";
    static props = { ...standardWidgetProps, waitsFor: { type: String } };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ now: Date.now(), problem: "", error: "", askedSince: Date.now() });
        this.timer = null;
        this.isGone = false;
        onWillUnmount(() => {
            this.isGone = true;
            this.stop();
        });
        useExternalListener(document, "visibilitychange", () => this.goOn());
        useEffect(
            () => this.goOn(),
            () => [this.isWaiting, this.props.record.resId]
        );
    }

    get data() {
        return this.props.record.data;
    }

    get isTest() {
        return this.props.waitsFor === "test";
    }

    get isWaiting() {
        if (!this.props.record.resId || this.state.error) {
            return false;
        }
        return this.isTest ? this.data.test_state === "sent" : !this.data.confirmation_mail_id;
    }

    get minutes() {
        const since = this.isTest ? this.data.test_sent : DateTime.fromMillis(this.state.askedSince);
        const milliseconds = since ? this.state.now - since.toMillis() : 0;
        return Math.max(0, Math.floor(milliseconds / 60000));
    }

    get percent() {
        return Math.min(100, Math.max(4, Math.round((100 * this.minutes) / LATE)));
    }

    get sentence() {
        if (!this.isTest) {
            return _t("Waiting for the confirmation mail, if your provider sends one …");
        }
        return this.minutes
            ? _t("Waiting for the test mail for %s min …", this.minutes)
            : _t("Waiting for the test mail …");
    }

    stop() {
        clearTimeout(this.timer);
        this.timer = null;
    }

    goOn() {
        this.stop();
        if (this.isWaiting && !this.isGone && !document.hidden) {
            this.timer = setTimeout(() => this.ask(), PAUSE);
        }
    }

    async ask() {
        const { record } = this.props;
        this.state.now = Date.now();
        try {
            const isOver = await (this.isTest ? this.askForTest() : this.askForConfirmation());
            if (isOver && !this.isGone) {
                // what was chosen or typed meanwhile is not thrown away
                await ((await record.isDirty()) ? record.save() : record.load());
            }
        } catch (error) {
            if (this.isGone) {
                return;
            }
            this.state.error = errorSentence(error);
        }
        // who waits for a confirmation that never comes asks no more, too
        if (!this.isGone && (this.isTest || this.minutes < LATE)) {
            this.goOn();
        }
    }

    async askForTest() {
        const { record } = this.props;
        const told = await this.orm.silent.call(record.resModel, "poll_test_mail", [
            [record.resId],
        ]);
        this.state.problem = told.problem;
        return told.state !== "sent";
    }

    askForConfirmation() {
        const { record } = this.props;
        return this.orm.silent.call(record.resModel, "poll_confirmation", [[record.resId]]);
    }

    tryAgain() {
        this.state.error = "";
        this.goOn();
    }
}

registry.category("view_widgets").add("helpdesk_waiting_for_mail", {
    component: WaitingForMail,
    extractProps: ({ attrs }) => ({ waitsFor: attrs.waits_for || "test" }),
    fieldDependencies: [
        { name: "test_state", type: "selection" },
        { name: "test_sent", type: "datetime" },
        { name: "confirmation_mail_id", type: "many2one" },
    ],
});
