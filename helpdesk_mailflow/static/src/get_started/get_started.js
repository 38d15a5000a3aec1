import {
    HelpdeskKanbanView,
    HelpdeskKanbanViewRenderer,
} from "@helpdesk_mgmt/views/helpdesk_dashboard/helpdesk_team_kanban_view.esm";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Component, onWillStart, useState } from "@odoo/owl";

const MODEL = "helpdesk.get.started";

/**
 * The panel above the dashboard of teams: how far the guide "Connect a mailbox" is, and the way to
 * go on with it. Only for those who may use the guide.
 */
export class HelpdeskGetStarted extends Component {
    static template = "helpdesk_mailflow.GetStarted";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.panel = useState({ is_shown: false });
        this.words = {
            address: [_t("Support address"), _t("What your customers write to")],
            connect: [
                _t("Connect or forward"),
                _t("Microsoft 365, Gmail, any other provider, or a forwarding"),
            ],
            place: [_t("Team and answers"), _t("Who gets the tickets, and what you answer as")],
            test: [_t("Test mail"), _t("See a mail come in before customers write")],
            done: [_t("Done"), _t("Mail becomes tickets, and answers leave")],
        };
        onWillStart(async () => {
            Object.assign(this.panel, await this.orm.call(MODEL, "panel"));
        });
    }

    /** Whether the steps are of use: not when mailboxes were connected without the guide. */
    get hasSteps() {
        return this.panel.state !== "connected";
    }

    get title() {
        return this.panel.company
            ? _t("Get started: mail of %(company)s", { company: this.panel.company })
            : _t("Get started: mail in, answers out");
    }

    /** One sentence on where things stand. */
    get sentence() {
        const { email, mailboxes, more, state } = this.panel;
        if (state === "connected") {
            const names = mailboxes.join(", ");
            return more
                ? _t("Mail comes in already, by %(names)s and %(more)s more.", { names, more })
                : _t("Mail comes in already, by %(names)s.", { names });
        }
        if (state === "done") {
            return email
                ? _t("%(email)s is connected.", { email })
                : _t("A mailbox is connected.");
        }
        if (state === "open") {
            return email
                ? _t("You have begun to connect %(email)s.", { email })
                : _t("You have begun to connect a mailbox.");
        }
        return _t("Have the mail of your support become tickets. It takes a minute or two.");
    }

    get isDone() {
        return ["connected", "done"].includes(this.panel.state);
    }

    get button() {
        if (this.isDone) {
            return _t("Connect another mailbox");
        }
        return this.panel.state === "open" ? _t("Continue") : _t("Connect a mailbox");
    }

    async open(method) {
        await this.action.doAction(await this.orm.call(MODEL, method));
    }

    async close() {
        await this.orm.call(MODEL, "action_close");
        this.panel.is_shown = false;
        this.notification.add(_t("You find it again under Configuration › Get started."), {
            type: "info",
        });
    }
}

/** The dashboard of teams, with the panel above it. */
export class DashboardRenderer extends HelpdeskKanbanViewRenderer {
    static template = "helpdesk_mailflow.Dashboard";
    static components = { ...HelpdeskKanbanViewRenderer.components, HelpdeskGetStarted };
}

registry.category("views").add("helpdesk_mailflow_dashboard", {
    ...HelpdeskKanbanView,
    Renderer: DashboardRenderer,
});
