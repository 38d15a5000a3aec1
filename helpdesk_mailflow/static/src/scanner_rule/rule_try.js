import { MailDropzone, readSavedMail } from "../incoming_mail_list/saved_mail";
import { errorSentence } from "./server_error";

import { useCustomDropzone } from "@web/core/dropzone/dropzone_hook";
import { deserializeDateTime, toLocaleDateTimeString } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, useEffect, useRef, useState } from "@odoo/owl";

/** Triggered on the model's bus: list the mails that would match. Detail: {days} */
export const SHOW_MATCHES = "helpdesk_mailflow:SHOW_MATCHES";

const PERIODS = [7, 30, 90];

/** Where one mail can be dropped to try a rule on it. */
class TryDropzone extends MailDropzone {
    static template = "helpdesk_mailflow.TryDropzone";
}

/** @returns {String} text as UTF-8 in base64 */
function toBase64(text) {
    const bytes = new TextEncoder().encode(text);
    let binary = "";
    // in pieces: a function takes only so many arguments
    for (let start = 0; start < bytes.length; start += 0x8000) {
        binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
    }
    return btoa(binary);
}

/**
 * Try a rule as it stands in the form, saved or not: which mails of the ledger it would have
 * matched, and all that would become of one mail. Nothing is written.
 */
export class RuleTry extends Component {
    static template = "helpdesk_mailflow.RuleTry";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.periods = PERIODS;
        this.root = useRef("root");
        this.resultRef = useRef("result");
        this.fileInput = useRef("file");
        this.lastPreview = new KeepLast();
        this.lastTrial = new KeepLast();
        this.state = useState({ days: 30, pasting: false, source: "" });
        this.forget();
        useBus(this.props.record.model.bus, SHOW_MATCHES, ({ detail }) => {
            this.state.days = detail.days;
            this.root.el.scrollIntoView({ behavior: "smooth", block: "start" });
            return this.loadMatches();
        });
        useCustomDropzone(
            this.root,
            TryDropzone,
            { onDrop: (ev) => this.tryFiles([...ev.dataTransfer.files]) },
            () => !this.state.trying
        );
        let shown = this.props.record.id;
        let known = null;
        useRecordObserver((record) => {
            const values = this.readValues(record);
            if (record.id !== shown) {
                shown = record.id;
                this.forget();
            } else if (known !== null && values !== known) {
                this.state.changed = true;
            }
            known = values;
        });
        // on a phone the result is far below what was clicked
        useEffect(
            (trial) => {
                if (trial && this.resultRef.el) {
                    this.resultRef.el.scrollIntoView({ behavior: "smooth", block: "nearest" });
                }
            },
            () => [this.state.trial]
        );
    }

    /** Begin anew, as for another rule. */
    forget() {
        // what is on its way is not waited for
        this.lastPreview.add(Promise.resolve());
        this.lastTrial.add(Promise.resolve());
        Object.assign(this.state, {
            changed: false, // since what is shown was asked for
            loading: false,
            preview: null,
            previewError: "",
            tried: null, // {mailId, label, what}
            trying: false,
            trial: null,
            trialError: "",
        });
    }

    /** The values of the form, also those of lines, to see that something has changed. */
    readValues(record) {
        const read = (each) =>
            each.fieldNames.map((name) => {
                const value = each.data[name];
                switch (each.fields[name].type) {
                    case "one2many":
                        return value.records.map(read);
                    case "many2many":
                        return value.currentIds;
                    case "many2one":
                        return value && value.id;
                }
                // a save changes the id, not the rule
                return name === "id" ? null : value;
            });
        return JSON.stringify(read(record));
    }

    // ------------------------------------------------------------------
    // mails that would match
    // ------------------------------------------------------------------

    setDays(days) {
        this.state.days = days;
        if (this.state.preview) {
            return this.loadMatches();
        }
    }

    async loadMatches() {
        const { record } = this.props;
        Object.assign(this.state, { loading: true, previewError: "" });
        try {
            this.state.preview = await this.lastPreview.add(
                this.ask("preview", (changes) => [
                    record.resId || false,
                    changes,
                    this.state.days,
                ])
            );
        } catch (error) {
            this.state.preview = null;
            this.state.previewError = errorSentence(error);
        }
        this.state.loading = false;
    }

    /** @returns {String[]} what the list is, and what it leaves out */
    get previewSentences() {
        const { count, capped, looked_at, unread, mails, problems } = this.state.preview;
        const named = { count, looked_at, days: this.state.days };
        const sentences = [];
        if (!looked_at && problems.length) {
            return sentences; // it could not look
        }
        if (!looked_at) {
            sentences.push(
                _t(
                    "No mail that this rule is for came in during the last %(days)s days. Try it on a saved mail, or on a source.",
                    named
                )
            );
        } else if (capped) {
            sentences.push(
                _t(
                    "%(count)s of the newest %(looked_at)s mails would match. Older ones were not looked at.",
                    named
                )
            );
        } else {
            sentences.push(
                _t(
                    "%(count)s of the %(looked_at)s mails of the last %(days)s days would match.",
                    named
                )
            );
        }
        if (mails.length < count) {
            sentences.push(_t("The newest %s are listed.", mails.length));
        }
        if (unread) {
            sentences.push(
                _t("Mails that could not be read in full, since their text is no longer kept: %s.", unread)
            );
        }
        return sentences;
    }

    get noSubject() {
        return _t("(no subject)");
    }

    formatDate(value) {
        return value ? toLocaleDateTimeString(deserializeDateTime(value)) : "";
    }

    // ------------------------------------------------------------------
    // one mail
    // ------------------------------------------------------------------

    tryMail(mail) {
        return this.tryOn({
            mailId: mail.id,
            label: mail.subject || this.noSubject,
            what: { mail_id: mail.id },
        });
    }

    async tryFiles([file]) {
        if (!file) {
            return; // something else was dropped
        }
        const refuse = { add: (sentence) => this.showTrialError(file.name, sentence) };
        const source = await readSavedMail(file, refuse);
        if (source !== undefined) {
            await this.tryOn({ label: file.name, what: { source } });
        }
    }

    async onFileChosen(ev) {
        const files = [...ev.target.files];
        // so that the same file can be chosen again
        ev.target.value = "";
        await this.tryFiles(files);
    }

    trySource() {
        return this.tryOn({
            label: _t("The pasted source"),
            what: { source: toBase64(this.state.source) },
        });
    }

    showTrialError(label, sentence) {
        Object.assign(this.state, {
            tried: { label },
            trial: null,
            trialError: sentence,
            trying: false,
        });
    }

    /** @param {{mailId: (Number|undefined), label: String, what: Object}} tried */
    async tryOn(tried) {
        const { record } = this.props;
        Object.assign(this.state, { tried, trying: true, trial: null, trialError: "" });
        try {
            this.state.trial = await this.lastTrial.add(
                this.ask("try_on", (changes) => [record.resId || false, changes, tried.what])
            );
        } catch (error) {
            this.showTrialError(tried.label, errorSentence(error));
        }
        this.state.trying = false;
    }

    /** What was shown last, once more, after a change of the rule. */
    again() {
        return Promise.all([
            this.state.preview && this.loadMatches(),
            this.state.tried?.what && this.tryOn(this.state.tried),
        ]);
    }

    /** Call the server with what the form holds, as a save would send it. */
    async ask(method, makeArguments) {
        const { record } = this.props;
        const changes = await record.getChanges();
        this.state.changed = false;
        return this.orm.silent.call(record.resModel, method, makeArguments(changes));
    }
}

registry.category("view_widgets").add("helpdesk_rule_try", { component: RuleTry });
