import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";

/** Deleting a queue says what becomes of its tickets and mails, and what to do instead. */
const sayingWhatDeletingDoes = (Controller) =>
    class extends Controller {
        get deleteConfirmationDialogProps() {
            return {
                ...super.deleteConfirmationDialogProps,
                title: _t("Delete the support alias"),
                body: _t(
                    "Mail to its addresses no longer comes in by this queue. Its tickets and incoming mails stay, without a queue.\n\nTo stop tickets for a while only, switch its intake off instead."
                ),
            };
        }
    };

for (const [name, view] of Object.entries({
    helpdesk_support_alias_kanban: kanbanView,
    helpdesk_support_alias_list: listView,
    helpdesk_support_alias_form: formView,
})) {
    registry.category("views").add(name, {
        ...view,
        Controller: sayingWhatDeletingDoes(view.Controller),
    });
}
