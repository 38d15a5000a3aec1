import { formatAddress, joinAddresses, readAddresses, sameAddress } from "./addresses";

import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { getActiveHotkey } from "@web/core/hotkeys/hotkey_service";
import { _t } from "@web/core/l10n/translation";
import { useTagNavigation } from "@web/core/record_selectors/tag_navigation_hook";
import { TagsList } from "@web/core/tags_list/tags_list";
import { useService } from "@web/core/utils/hooks";
import { Component, useState } from "@odoo/owl";

const SUGGESTIONS = 8;

/** An input that gives up its text as soon as it is addresses. */
export class AddressAutoComplete extends AutoComplete {
    static props = {
        ...AutoComplete.props,
        label: { type: String, optional: true },
        onTyped: Function,
        // (text) -> what is left of it
        takeText: Function,
    };

    setText(text) {
        this.inEdition = false;
        this.state.value = text;
        this.inputRef.el.value = text;
    }

    /** @param {string} [text] that of the input, or more: an input holds no line ends */
    take(text = this.inputRef.el.value) {
        if (text.trim()) {
            this.stopSearching();
            this.setText(this.props.takeText(text));
        }
    }

    /** A search that is still to come would open suggestions of what is gone. */
    stopSearching() {
        this.debouncedProcessInput.cancel();
        this.pendingPromise?.resolve();
        this.pendingPromise = this.loadingPromise = null;
        this.close();
    }

    async onInput() {
        this.props.onTyped();
        return super.onInput(...arguments);
    }

    async onInputKeydown(ev) {
        const isEnter = getActiveHotkey(ev) === "enter";
        const { addresses, rest } = readAddresses(this.inputRef.el.value);
        const isDivided = [",", ";"].includes(ev.key) && addresses.length;
        // whoever types a whole address does not wait for suggestions
        if (isDivided || (isEnter && addresses.length && !rest && !this.activeOption)) {
            ev.preventDefault();
            ev.stopPropagation();
            this.take();
            return;
        }
        await super.onInputKeydown(ev);
        if (isEnter && !ev.defaultPrevented) {
            ev.preventDefault();
            ev.stopPropagation();
            this.take();
        }
    }

    onInputBlur() {
        const chosen = this.ignoreBlur;
        super.onInputBlur();
        if (!chosen) {
            this.take();
        }
    }

    /** A pasted list is taken apart at once, one address stays text to go on with. */
    onPaste(ev) {
        const text = ev.clipboardData?.getData("text/plain") || "";
        const { addresses } = readAddresses(text);
        if (addresses.length > 1 || addresses[0]?.name) {
            ev.preventDefault();
            this.take(`${this.inputRef.el.value}\n${text}`);
        }
    }
}
AddressAutoComplete.template = "helpdesk_mailflow.AddressAutoComplete";

/** Several addresses: contacts as one types, or any other address. */
export class AddressInput extends Component {
    static template = "helpdesk_mailflow.AddressInput";
    static components = { AddressAutoComplete, TagsList };
    static props = {
        addresses: Array,
        // (addresses) -> void
        update: Function,
        // (text) -> void, with what was typed but is no address, "" if nothing
        setPending: { type: Function, optional: true },
        label: String,
        autofocus: { type: Boolean, optional: true },
    };
    static defaultProps = { setPending: () => {} };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ wrong: "" });
        useTagNavigation("addressInputRef", { delete: (index) => this.remove(index) });
    }

    get tags() {
        return this.props.addresses.map((address, index) => ({
            id: address.email,
            text: address.name || address.email,
            title: formatAddress(address),
            onDelete: () => this.remove(index),
        }));
    }

    get wrongText() {
        return _t("“%s” is not an e-mail address.", this.state.wrong);
    }

    add(addresses) {
        this.props.update(joinAddresses(this.props.addresses, addresses));
    }

    remove(index) {
        if (index in this.props.addresses) {
            this.props.update(this.props.addresses.filter((_address, other) => other !== index));
        }
    }

    setWrong(text) {
        if (text !== this.state.wrong) {
            this.state.wrong = text;
            this.props.setPending(text);
        }
    }

    takeText(text) {
        const { addresses, rest } = readAddresses(text);
        if (addresses.length) {
            this.add(addresses);
        }
        this.setWrong(rest);
        return rest;
    }

    get sources() {
        return [{ placeholder: _t("Loading..."), options: (term) => this.suggestions(term) }];
    }

    async suggestions(term) {
        if (!term) {
            return [];
        }
        const { addresses, rest } = readAddresses(term);
        const typed = rest ? undefined : addresses[0];
        const known = this.props.addresses.map(({ email }) => email.toLowerCase());
        const contacts = await this.orm.searchRead(
            "res.partner",
            [
                ["email_normalized", "!=", false],
                ["email_normalized", "not in", known],
                "|",
                ["complete_name", "ilike", typed?.name || term],
                ["email_normalized", "ilike", typed?.email || term],
            ],
            ["name", "display_name", "email_normalized"],
            { limit: SUGGESTIONS }
        );
        let options = contacts.map((contact) => {
            const email = contact.email_normalized;
            const name = contact.display_name || contact.name || email;
            return {
                address: { name: contact.name || "", email },
                label: _t("%(name)s <%(email)s>", { name, email }),
            };
        });
        if (typed) {
            // first, so that Enter takes what was typed, by the name of its contact if it has one
            const isTyped = ({ address }) => sameAddress(address.email, typed.email);
            const asTyped = { address: typed, label: _t("Add %s", formatAddress(typed)) };
            options = [
                options.find(isTyped) || asTyped,
                ...options.filter((option) => !isTyped(option)),
            ];
        }
        return options.map(({ address, label }) => ({
            label,
            onSelect: () => {
                this.setWrong("");
                this.add([address]);
            },
        }));
    }
}
