import { Dropzone } from "@web/core/dropzone/dropzone";
import { _t } from "@web/core/l10n/translation";
import { checkFileSize } from "@web/core/utils/files";
import { getDataURLFromFile } from "@web/core/utils/urls";

/** Where saved mails can be dropped. */
export class MailDropzone extends Dropzone {
    static template = "helpdesk_mailflow.MailDropzone";
}

/**
 * The content of a saved mail (.eml).
 *
 * @param {File} file
 * @param {{add: Function}} notification told what is wrong: with a sentence and its options
 * @returns {Promise<String|undefined>} in base64
 */
export async function readSavedMail(file, notification) {
    // base64 makes a third more of it
    if (!checkFileSize(Math.ceil(file.size * 1.34), notification)) {
        return;
    }
    let url;
    try {
        url = await getDataURLFromFile(file);
    } catch {
        // a dropped folder, or a file that went away meanwhile
        notification.add(
            _t("“%s” could not be read. Drop saved mails (.eml), not folders.", file.name),
            { type: "danger" }
        );
        return;
    }
    return url.slice(url.indexOf(",") + 1);
}
