# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Which overrides of Odoo's gateway methods the batch path reproduces.

``act`` creates tickets and messages in batches, so it does not call ``message_new``,
``message_update`` and ``message_post`` once for each mail. What the overrides named here
do was read, and ``act`` does the same (or they do nothing for mail). Somebody else's
override makes its step go mail by mail, through the method itself.
"""

REVIEWED = {
    # mail: creates the record; mail (Cc): keeps the Cc addresses; helpdesk_mgmt: title,
    # description, sender, contact, and subscribes known contacts among To and Cc
    "message_new": {"mail", "helpdesk_mgmt"},
    "message_update": {"mail", "helpdesk_mgmt"},
    # sms: rewrites the body of messages of type sms; rating: takes a rating_value;
    # website_*: not on tickets; this addon: does not override it for incoming mail
    "message_post": {"mail", "sms", "rating", "helpdesk_mailflow"},
    # helpdesk_mgmt: the same subtype for every ticket
    "_creation_subtype": {"mail", "helpdesk_mgmt"},
    # helpdesk_mgmt: the next number of a sequence, by company
    "_prepare_ticket_number": {"helpdesk_mgmt"},
    # mail: who wrote, if not OdooBot; this addon: the same, without a query
    "_message_compute_real_author": {"mail", "helpdesk_mailflow"},
    "next_by_code": {"base"},
    "_next": {"base"},
    "_next_do": {"base"},
}


def unknown_overrides(model, method: str) -> list[str]:
    """Addons that override ``method`` on ``model`` in a way that nobody has looked at.

    :param model: a recordset
    :return: technical names, in the order in which their overrides are called
    """
    found = []
    for cls in type(model).__mro__:
        if method not in vars(cls):
            continue
        parts = cls.__module__.split(".")
        addon = parts[2] if parts[:2] == ["odoo", "addons"] and len(parts) > 2 else cls.__module__
        if addon not in REVIEWED[method] and addon not in found:
            found.append(addon)
    return found
