import { AddressInput } from "@helpdesk_mailflow/ticket_answer/address_input";
import { formatAddress, formatAddresses, sameAddress } from "@helpdesk_mailflow/ticket_answer/addresses";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { Component, onWillUpdateProps, useEffect, useState } from "@odoo/owl";

/** More people than these show only when asked for. */
const SHOWN = 8;

/**
 * Who takes part in a ticket. A change is stored at once: it is not what else the form holds that
 * decides who gets the next answer.
 */
export class ParticipantsField extends Component {
    static template = "helpdesk_mailflow.ParticipantsField";
    static components = { AddressInput };
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.store = useService("mail.store");
        this.state = useState({ people: this.stored(this.props), all: false });
        onWillUpdateProps((props) => {
            if (this.stored(props) !== this.stored(this.props)) {
                this.state.people = this.stored(props);
            }
        });
        // whoever sends an answer, or writes one by mail, may have brought others along
        useEffect(
            (newest) => {
                if (this.newest && newest && newest > this.newest) {
                    this.reload();
                }
                this.newest = newest;
            },
            () => [this.thread?.newestPersistentMessage?.id]
        );
    }

    stored(props) {
        return props.record.data[props.name] || [];
    }

    get ticketId() {
        return this.props.record.resId;
    }

    get thread() {
        return this.ticketId
            ? this.store.Thread.insert({ model: this.props.record.resModel, id: this.ticketId })
            : undefined;
    }

    get shown() {
        return this.state.all ? this.state.people : this.state.people.slice(0, SHOWN);
    }

    get moreText() {
        return _t("%s more", this.state.people.length - SHOWN);
    }

    get hasMore() {
        return !this.state.all && this.state.people.length > SHOWN;
    }

    title(address) {
        return formatAddress(address);
    }

    async reload() {
        const [record] = await this.orm.read(
            this.props.record.resModel,
            [this.ticketId],
            [this.props.name]
        );
        this.state.people = record[this.props.name] || [];
    }

    /** @param {import("@helpdesk_mailflow/ticket_answer/addresses").Address[]} addresses */
    async update(addresses) {
        const has = (list, { email }) => list.some((each) => sameAddress(each.email, email));
        const added = addresses.filter((each) => !has(this.state.people, each));
        const removed = this.shown.filter((each) => !has(addresses, each));
        for (const { email } of removed) {
            this.state.people = await this.call("action_remove_participant", email);
        }
        if (added.length) {
            this.state.people = await this.call("action_add_participants", formatAddresses(added));
        }
        this.tellComposer(added, removed);
        // what was done is logged
        this.thread?.fetchNewMessages();
    }

    call(method, argument) {
        return this.orm.call(this.props.record.resModel, method, [[this.ticketId], argument]);
    }

    /** An answer that somebody is writing goes to who takes part now. */
    tellComposer(added, removed) {
        const { thread } = this;
        if (!thread?.helpdesk_answer) {
            return;
        }
        const change = (cc) => [
            ...cc.filter((each) => !removed.some(({ email }) => sameAddress(email, each.email))),
            ...added.map(({ name, email }) => ({ name, email })),
        ];
        thread.helpdesk_answer = { ...thread.helpdesk_answer, cc: change(thread.helpdesk_answer.cc) };
        if (thread.ticketAnswer?.isChanged) {
            const cc = change(thread.ticketAnswer.cc);
            thread.updateTicketAnswer({ cc, showCc: thread.ticketAnswer.showCc || Boolean(cc.length) });
        }
    }
}

registry.category("fields").add("helpdesk_participants", {
    component: ParticipantsField,
    supportedTypes: ["json"],
});
