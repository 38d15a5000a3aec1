import {Notification} from "@mail/core/common/notification_model";
import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";

patch(Notification.prototype, {
    get autoCanceledFailureType() {
        if (this.failure_type === "mailflow_filter") {
            return _t("On the outgoing filter");
        }
        return super.autoCanceledFailureType;
    },
});
