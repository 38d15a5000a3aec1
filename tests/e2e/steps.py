"""What the end-to-end tests do inside Odoo: ``step(env, ...)``, run by servers/odoo_console.py.

Users' actions run as the administrator, cron's as cron runs them.
"""

DOMAIN = "example.com"


def settle(env, name=DOMAIN):
    """Give the company a mail domain; its first support alias is then support@example.com."""
    domain = env["mail.alias.domain"].create({"name": name})
    env.company.alias_domain_id = domain
    env.company.email = f"office@{name}"
    alias = env["helpdesk.support.alias"].search([("company_id", "=", env.company.id)], limit=1)
    alias._follow_company()
    if alias.alias_name != "support":
        alias.alias_name = "support"
    assert alias.email == f"support@{name}", alias.email
    return alias.id


def new_secret(env):
    """What a database signs with, for one that is no copy."""
    import secrets

    env["ir.config_parameter"].set_param("database.secret", secrets.token_hex(16))


def alias(env, local_part, **values):
    """A further support alias; returns its id."""
    return (
        env["helpdesk.support.alias"]
        .create({"name": local_part.title(), "alias_name": local_part, **values})
        .id
    )


def scanner(env, **values):
    """A mail scanner; returns its id."""
    vals = {
        "name": values.get("user", "Mailbox"),
        "is_scanner": True,
        "server_type": "imap",
        "server": "localhost",
        "encryption": "none",
        "password": "secret",
        **values,
    }
    return env["fetchmail.server"].create(vals).id


def change(env, model, record_id, **values):
    env[model].browse(record_id).write(values)


def delete(env, model, record_id):
    env[model].browse(record_id).unlink()


def begin(env, scanner_id, start="days", days=7, then="activate"):
    """Answer the question where to begin; returns how many mails that would be."""
    Begin = env["helpdesk.scanner.begin"]
    wizard = Begin.create({"scanner_id": scanner_id, "then": then, "start": start, "days": days})
    count = wizard.count
    wizard.action_confirm()
    return count


def press(env, scanner_id, button):
    """Press a button of the form; returns its action."""
    return getattr(env["fetchmail.server"].browse(scanner_id), button)()


def error_of(env, scanner_id, button):
    """Press a button that has to fail; returns what the user reads."""
    from odoo.exceptions import UserError

    try:
        with env.cr.savepoint():
            press(env, scanner_id, button)
    except UserError as error:
        return str(error)
    raise AssertionError(f"{button} raised nothing")


def choose_folders(env, scanner_id, *names):
    record = env["fetchmail.server"].browse(scanner_id)
    chosen = record.folder_ids.filtered(lambda folder: folder.name in names)
    assert len(chosen) == len(names), record.folder_ids.mapped("name")
    record.read_folder_ids = chosen


def visit(env, scanner_id, seconds=120.0):
    """One visit to the mailbox; returns what went wrong."""
    return env["fetchmail.server"].browse(scanner_id)._visit(seconds)


def cron_scan(env):
    from odoo import api

    env["fetchmail.server"].with_user(api.SUPERUSER_ID)._cron_scan()


def cron_retry(env):
    from odoo import api

    env["helpdesk.intake"].with_user(api.SUPERUSER_ID)._cron_retry()


def due_now(env):
    """Let all pauses be over."""
    env["helpdesk.incoming.mail"].sudo().search([("next_try", "!=", False)]).write(
        {"next_try": "2000-01-01 00:00:00"}
    )


def scanner_state(env, scanner_id):
    """What the form of a scanner shows."""
    record = env["fetchmail.server"].browse(scanner_id)
    return {
        "state": record.scanner_state,
        "error": record.error_message or "",
        "begun": record.begun,
        "authserv_proposed": record.authserv_proposed or "",
        "authserv_told": record.authserv_told or "",
        "folders": {
            folder.name: {
                "state": folder.state,
                "error": folder.error or "",
                "success": bool(folder.last_success),
                "read": folder.is_read,
                "on_server": folder.on_server,
            }
            for folder in record.folder_ids
        },
    }


def mails(env, scanner_id=None):
    """The ledger, oldest first."""
    domain = [("folder_id.scanner_id", "=", scanner_id)] if scanner_id else []
    return [
        {
            "id": row.id,
            "folder": row.folder_id.name,
            "uid": row.uid,
            "state": row.state,
            "kind": row.kind,
            "subject": row.subject or "",
            "message_id": row.message_id or "",
            "error": row.error or "",
            "why": row.why or "",
            "trace": [item["code"] for item in row.trace or []],
            "tickets": row.delivery_ids.ticket_id.ids,
            "outcomes": row.delivery_ids.mapped("outcome"),
        }
        for row in env["helpdesk.incoming.mail"].search(domain, order="id")
    ]


def tickets(env):
    """The tickets with their messages that came by mail, oldest first."""
    found = []
    for ticket in env["helpdesk.ticket"].with_context(active_test=False).search([], order="id"):
        messages = ticket.message_ids.filtered(lambda each: each.message_type == "email")
        found.append(
            {
                "id": ticket.id,
                "number": ticket.number,
                "subject": ticket.name,
                "email": ticket.partner_email or "",
                "name": ticket.partner_name or "",
                "partner": ticket.partner_id.id,
                "alias": ticket.support_alias_id.name,
                "description": ticket.description or "",
                "messages": [
                    {
                        "id": message.id,
                        "message_id": message.message_id,
                        "email_from": message.email_from or "",
                        "body": message.body or "",
                        "attachments": [
                            {"name": each.name, "size": each.file_size, "checksum": each.checksum}
                            for each in message.attachment_ids.sorted("id")
                        ],
                    }
                    for message in messages.sorted("id")
                ],
            }
        )
    return found


def parameter(env, name, value):
    env["ir.config_parameter"].sudo().set_param(f"helpdesk_mailflow.{name}", value)


# ------------------------------------------------------------
# ENDING
# ------------------------------------------------------------


def die_at(env, place, count):
    """End this process (SIGKILL) when it comes to a place for the n-th time."""
    import os
    import signal

    import odoo.sql_db

    from odoo.addons.helpdesk_mailflow.mailflow.imap import ImapMailbox

    owners = {
        "fetched": (ImapMailbox, "_fetch_group", "after"),
        "stored": (type(env["helpdesk.incoming.mail.source"]), "_store", "after"),
        "claimed": (type(env["helpdesk.intake"]), "_claim", "after"),
        "contacts made": (type(env["helpdesk.intake.act"]), "_make_contacts", "after"),
        "tickets made": (type(env["helpdesk.intake.act"]), "_make_tickets", "after"),
        "messages made": (type(env["helpdesk.intake.act"]), "_make_messages", "after"),
        "acted": (type(env["helpdesk.intake.act"]), "_act", "after"),
        "before commit": (odoo.sql_db.Cursor, "commit", "before"),
        "after commit": (odoo.sql_db.Cursor, "commit", "after"),
        "before marking": (ImapMailbox, "set_flags", "before"),
        "after marking": (ImapMailbox, "set_flags", "after"),
        "before copying": (ImapMailbox, "_transfer", "before"),
        "after copying": (ImapMailbox, "_transfer", "after"),
        "before removing": (ImapMailbox, "delete", "before"),
        "after removing": (ImapMailbox, "delete", "after"),
    }
    owner, name, when = owners[place]
    original = getattr(owner, name)
    left = [count]

    def dying(self, *args, **kwargs):
        left[0] -= 1
        if left[0] <= 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(self, *args, **kwargs)
        if left[0] <= 0:
            if not isinstance(result, (list, tuple, dict)) and hasattr(result, "__next__"):
                next(result, None)
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def small_batches(env, size):
    """Fewer mails between two commits: more places to be killed at."""
    from odoo.addons.helpdesk_mailflow.models import mailbox_visit

    mailbox_visit.BATCH = size


def scan_and_retry(env, die_at_place=None, count=1):
    if die_at_place:
        die_at(env, die_at_place, count)
    cron_scan(env)
    cron_retry(env)


def settings(env):
    """Ids that tests need."""
    alias = env["helpdesk.support.alias"].search([("company_id", "=", env.company.id)], limit=1)
    return {"alias": alias.id, "company": env.company.id, "admin": env.user.id}


def scan_with_defect(env, scanner_id):
    """Scan, while the connection of one scanner raises what nobody expects."""
    from unittest.mock import patch

    Server = type(env["fetchmail.server"])
    connect = Server._connect_mailbox

    def defective(self, *args):
        if self.id == scanner_id:
            raise ZeroDivisionError("the defect")
        return connect(self, *args)

    with patch.object(Server, "_connect_mailbox", defective):
        cron_scan(env)


# ------------------------------------------------------------
# BAD DAYS
# ------------------------------------------------------------


def be_impatient(env, seconds):
    """Wait only so long for mail servers."""
    Server = type(env["fetchmail.server"])
    connect = Server._connect_mailbox
    Server._connect_mailbox = lambda self, *_timeout: connect(self, seconds)


def limit_files(env, size):
    """No file of this process may become larger (bytes; 0: no limit), as on a full disk."""
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size or hard, hard))


def keep_sources_in_files(env, size):
    """Sources from this many bytes on lie in files."""
    from odoo.addons.helpdesk_mailflow.models import helpdesk_incoming_mail_source

    helpdesk_incoming_mail_source.FILE_FROM = size


def begin_with_everything(env, scanner_id):
    """As if reading had begun when the folder was empty."""
    record = env["fetchmail.server"].browse(scanner_id)
    record.folder_ids._begin(4294967295, 1, None)
    record.folder_ids.since = "2000-01-01 00:00:00"
    record.folder_ids.next_uid = "1"
    record._activate()


def move(env, scanner_id, port):
    """The same mailbox at another port."""
    env["fetchmail.server"].browse(scanner_id).port = port


# ------------------------------------------------------------
# OTHER DOORS, AND THE WAY OUT
# ------------------------------------------------------------


def mail_server(env, port, domain=DOMAIN):
    """Send by an SMTP server on this machine."""
    env["ir.mail_server"].search([]).active = False
    env["ir.mail_server"].create(
        {
            "name": "test",
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_encryption": "none",
            "from_filter": domain,
        }
    )


def proven_sender(env, email):
    """A From address, as if its verification mail had been followed."""
    sender = env["helpdesk.from.address"].create({"email": email})
    sender._prove("mail")
    return sender.id


def automatic_answers(env):
    """The log of automatic mails, oldest first."""
    return [
        {
            "recipient": row.recipient,
            "outcome": row.outcome,
            "reason": row.reason or "",
            "ticket": row.ticket_id.id,
        }
        for row in env["helpdesk.automatic.answer"].search([], order="id")
    ]


def notes(env, ticket_id):
    """What the ticket tells of its mails, in sentences."""
    messages = env["helpdesk.ticket"].browse(ticket_id).message_ids.sorted("id")
    return [each for message in messages for each in message._mailflow_sentences()]


def answer(env, ticket_id, text):
    """An agent writes to the requester."""
    ticket = env["helpdesk.ticket"].browse(ticket_id)
    ticket.message_post(
        body=text,
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=ticket.partner_id.ids,
    )


def send_queue(env):
    env["mail.mail"].sudo().process_email_queue()


def password(env, word):
    env.user.password = word
    # an agent in the sense of helpdesk_mgmt
    env.user.group_ids |= env.ref("helpdesk_mgmt.group_helpdesk_manager")


def sales_alias(env, local_part):
    env["mail.alias"].create(
        {
            "alias_name": local_part,
            "alias_domain_id": env.company.alias_domain_id.id,
            "alias_model_id": env["ir.model"]._get_id("crm.lead"),
            "alias_contact": "everyone",
        }
    )


def leads(env, name):
    return env["crm.lead"].search_count([("name", "=", name)])


def source(env, mail_id):
    """The stored source of an incoming mail, as hexadecimal digits."""
    return env["helpdesk.incoming.mail.source"].sudo()._load([mail_id])[mail_id].hex()


def incoming_server(env, user, port):
    """One of Odoo's own, fetched from once."""
    server = env["fetchmail.server"].create(
        {
            "name": "Odoo's own",
            "server_type": "imap",
            "server": "localhost",
            "port": port,
            "is_ssl": False,
            "user": user,
            "password": "secret",
            "state": "done",
        }
    )
    server.fetch_mail()
    server.active = False


def drop(env, text):
    """Drop a file onto the list of incoming mails."""
    import base64

    content = base64.b64encode(text.encode()).decode()
    return env["helpdesk.incoming.mail"].take_in_files([{"name": "a.eml", "content": content}])


def scan_with_poison(env, subject):
    """Scan; a mail with this subject ends the process when a ticket is made of it."""
    import os
    import signal

    Act = type(env["helpdesk.intake.act"])
    values = Act._ticket_values

    def deadly(self, item, *args):
        if item.mail.subject == subject:
            os.kill(os.getpid(), signal.SIGKILL)
        return values(self, item, *args)

    Act._ticket_values = deadly
    due_now(env)
    scan_and_retry(env)


# ------------------------------------------------------------
# STEPS IN THE MAILBOX
# ------------------------------------------------------------


def want(env, scanner_id, steps, subjects=None):
    """Let mails of the ledger want steps in the mailbox, as a rule would."""
    domain = [("folder_id.scanner_id", "=", scanner_id), ("state", "!=", "duplicate")]
    if subjects is not None:
        domain.append(("subject", "in", subjects))
    rows = env["helpdesk.incoming.mail"].sudo().search(domain)
    rows.write({"mailbox_todo": steps})
    return len(rows)


def todo(env, scanner_id):
    """What the mails want still, by subject."""
    rows = env["helpdesk.incoming.mail"].search([("folder_id.scanner_id", "=", scanner_id)])
    return {row.subject: row.mailbox_todo for row in rows if row.mailbox_todo}


def look_up_folders(env, scanner_id):
    env["fetchmail.server"].browse(scanner_id).action_look_up_folders()


def tell_copyuid(env, on):
    """Without it as with servers without UIDPLUS: nobody tells where a copy is."""
    from odoo.addons.helpdesk_mailflow.mailflow import imap

    original = imap.__dict__.setdefault("_uid_pairs", imap.uid_pairs)
    imap.uid_pairs = original if on else lambda _answer: {}


def break_off(env, scanner_id, name, when, count=1):
    """A visit in which the connection breaks at a command of the mailbox; what went wrong."""
    from unittest.mock import patch

    from odoo.addons.helpdesk_mailflow.mailflow.imap import ImapMailbox

    original = getattr(ImapMailbox, name)
    left = [count]

    def breaking(self, *args, **kwargs):
        left[0] -= 1
        if left[0] == 0 and when == "before":
            self._wire.close()
        result = original(self, *args, **kwargs)
        if left[0] == 0:
            self._wire.close()
            raise self._wire.lost()
        return result

    with patch.object(ImapMailbox, name, breaking):
        return visit(env, scanner_id)


def break_at(env, scanner_id, uid):
    """A visit to a server that hangs up whenever it is to copy or move a certain message."""
    from unittest.mock import patch

    from odoo.addons.helpdesk_mailflow.mailflow.imap import ImapMailbox

    original = ImapMailbox._transfer

    def breaking(self, command, uids, *args):
        if uid in uids:
            self._wire.close()
            raise self._wire.lost()
        return original(self, command, uids, *args)

    with patch.object(ImapMailbox, "_transfer", breaking):
        return visit(env, scanner_id)


def visit_and_die(env, scanner_id, place, count):
    """A visit in which this process ends."""
    die_at(env, place, count)
    visit(env, scanner_id)
    raise SystemExit(1)  # it did not come to that place


def rule(env, domain, actions, **values):
    """An active rule; actions as values of ``helpdesk.scanner.rule.action``."""
    record = env["helpdesk.scanner.rule"].create(
        {
            "name": "Rule",
            "domain": repr(domain),
            "action_ids": [(0, 0, each) for each in actions],
            **values,
        }
    )
    return record.id


def faults(env, rule_id):
    """Codes of what could not be done for a rule."""
    return [each["code"] for each in env["helpdesk.scanner.rule"].browse(rule_id).fault or []]


def rule_on_folder(env, scanner_id, name):
    """A rule that makes tickets of all mails in a folder."""
    folders = env["fetchmail.server"].browse(scanner_id).folder_ids
    folder = folders.filtered(lambda each: each.name == name)
    return rule(env, [], [{"kind": "ticket"}], folder_ids=[(6, 0, folder.ids)])
