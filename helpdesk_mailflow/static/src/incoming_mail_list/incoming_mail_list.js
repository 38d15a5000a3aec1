import { MailDropzone, readSavedMail } from "./saved_mail";

import { useCustomDropzone } from "@web/core/dropzone/dropzone_hook";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";
import { onWillStart, useEffect, useRef, useState } from "@odoo/owl";

/** Mails that a person has to make a contact for. */
const UNKNOWN = [
    ["state", "=", "held"],
    ["held_reason", "=", "unknown_sender"],
];

/** The ledger: saved mails (.eml) come in by a button, or dropped anywhere on the list. */
export class IncomingMailListController extends ListController {
    setup() {
        super.setup();
        this.notification = useService("notification");
        this.mailFileInput = useRef("mailFileInput");
        this.upload = useState({ allowed: false, busy: false });
        this.unknown = useState({ count: 0 });
        onWillStart(async () => {
            this.upload.allowed = await user.hasGroup("helpdesk_mgmt.group_helpdesk_manager");
        });
        // after each load, since mails come in and are dealt with
        useEffect(
            () => {
                if (this.upload.allowed && !this.env.inDialog) {
                    this.countUnknown();
                }
            },
            () => [this.model.root]
        );
        useCustomDropzone(
            this.rootRef,
            MailDropzone,
            { onDrop: (ev) => this.takeInFiles([...ev.dataTransfer.files]) },
            () => this.upload.allowed && !this.upload.busy && !this.env.inDialog
        );
    }

    async countUnknown() {
        this.unknown.count = await this.model.orm.searchCount(this.props.resModel, UNKNOWN);
    }

    /** Show the mails of unknown senders, and nothing else. */
    onClickUnknown() {
        const { searchModel } = this.env;
        const [filter] = searchModel.getSearchItems((item) => item.name === "unknown_senders");
        searchModel.clearQuery();
        if (filter) {
            searchModel.toggleSearchItem(filter.id);
        }
    }

    onClickUpload() {
        this.mailFileInput.el.click();
    }

    async onFilesChosen(ev) {
        const files = [...ev.target.files];
        await this.takeInFiles(files);
        // so that the same file can be chosen again
        ev.target.value = "";
    }

    /**
     * One call for each file: one that cannot be taken in leaves the others alone.
     *
     * @param {File[]} files
     */
    async takeInFiles(files) {
        this.upload.busy = true;
        try {
            for (const file of files) {
                const content = await readSavedMail(file, this.notification);
                if (content === undefined) {
                    continue;
                }
                const result = await this.model.orm.call(
                    this.props.resModel,
                    "take_in_files",
                    [[{ name: file.name, content }]]
                );
                for (const { type, message } of result) {
                    this.notification.add(message, { type });
                }
            }
        } finally {
            this.upload.busy = false;
            await this.model.load();
        }
    }
}

registry.category("views").add("helpdesk_incoming_mail_list", {
    ...listView,
    Controller: IncomingMailListController,
    buttonTemplate: "helpdesk_mailflow.IncomingMailList.Buttons",
});
