"""Steps of test_secrets: log-ins of all kinds, and reading as whoever there is."""


def _quiet(env, function):
    """Call, and say how it ended; errors are told with their traceback, as Odoo does."""
    import traceback

    try:
        with env.cr.savepoint():
            return {"done": str(function())}
    except Exception as error:
        import logging

        logging.getLogger("odoo.http").exception("Exception during request handling.")
        return {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}


def press_quietly(env, model, record_id, button, **context):
    record = env[model].with_context(**context).browse(record_id)
    return _quiet(env, getattr(record, button))


def session(env, what, **settings):
    """A session of the engine with a token or password; ``what``: mailbox or smtp."""
    from odoo.addons.helpdesk_mailflow.mailflow.mailbox import MailServer, connect
    from odoo.addons.helpdesk_mailflow.mailflow.smtp import SmtpSettings, check

    def mailbox():
        with connect(MailServer(**settings)) as mailbox:
            return mailbox.folders()

    return _quiet(env, mailbox if what == "mailbox" else lambda: check(SmtpSettings(**settings)))


def token_quietly(env, account_id, renew=False):
    """Ask for a token; says only how that ended."""
    account = env["helpdesk.oauth.account"].browse(account_id)
    answer = _quiet(env, lambda: account._access_token(renew=renew))
    return {"done": True} if "done" in answer else answer


def app_of(env, account_id):
    return env["helpdesk.oauth.account"].browse(account_id).app_id.id


def certificate_app(env, authority, client_id, private_key, certificate):
    """An app registration with a certificate, and the account of the app itself."""
    app = env["helpdesk.oauth.app"].create(
        {
            "name": "By certificate",
            "authority": authority,
            "client_id": client_id,
            "credential": "certificate",
            "new_private_key": private_key,
            "certificate": certificate,
        }
    )
    return env["helpdesk.oauth.account"].create({"app_id": app.id, "flow": "app"}).id


def odoo_s_own(env, tokens):
    """A mailbox that Odoo's own addons connected, in and out."""
    Outgoing, Incoming = env["ir.mail_server"], env["fetchmail.server"]
    made = []
    for way, name in (("gmail", "google_gmail"), ("outlook", "microsoft_outlook")):
        email = f"{way}@example.com"
        values = {
            f"{name}_refresh_token": tokens[f"{name} refresh"],
            f"{name}_access_token": tokens[f"{name} access"],
        }
        outgoing = Outgoing.create(
            {
                "name": email,
                "smtp_host": "localhost",
                "smtp_port": 587,
                "smtp_encryption": "starttls",
                "smtp_authentication": way,
                "smtp_user": email,
                "from_filter": email,
                **values,
            }
        )
        made.append(outgoing.id)
        Incoming.create(
            {"name": email, "server_type": way, "user": email, "is_ssl": True, **values}
        )
        env["helpdesk.from.address"].create({"email": email, "sends_via": "mailbox"})
    return made


def guide(env, port, smtp_port, password, smtp_password, email):
    """Type in the guide; stop in the middle, with a password that is kept and not in use."""
    connection = env["helpdesk.mailbox.connection"].create(
        {"email": email, "road": "provider", "direction": "both", "step": "connect"}
    )
    connection.write(
        {
            "in_protocol": "imap",
            "in_host": "localhost",
            "in_port": port,
            "in_encryption": "none",
            "in_user": email,
            "new_password": password,
            "same_password": False,
            "out_host": "localhost",
            "out_port": smtp_port,
            "out_encryption": "none",
            "out_user": email,
            "new_smtp_password": smtp_password,
        }
    )
    connection.action_next()
    return {"id": connection.id, "step": connection.step, "problem": connection.problem or ""}


def send(env, email_from):
    """Send a mail by the server of an address, at once."""
    mail = env["mail.mail"].create(
        {
            "subject": "Test",
            "email_from": email_from,
            "email_to": "customer@example.net",
            "body_html": "<p>Hello</p>",
        }
    )
    address = env["helpdesk.from.address"].search([("email", "=", email_from)])
    mail.mail_server_id = address.mail_server_id
    mail.send()
    return {"state": mail.state, "reason": mail.failure_reason or ""}


def debug_outgoing(env, email, is_on=True):
    """The server's checkbox *Debugging*."""
    address = env["helpdesk.from.address"].search([("email", "=", email)])
    address.mail_server_id.with_context(mailflow_by_address=True).smtp_debug = is_on


def people(env):
    """One of each kind of user."""
    groups = {
        "portal": "base.group_portal",
        "internal": "base.group_user",
        "agent": "helpdesk_mgmt.group_helpdesk_user",
        "leader": "helpdesk_mgmt.group_helpdesk_user_team",
        "manager": "helpdesk_mgmt.group_helpdesk_manager",
        "system": "base.group_system",
    }
    made = {}
    for login, group in groups.items():
        user = env["res.users"].create(
            {
                "name": login.title(),
                "login": f"secrets-{login}",
                "email": f"{login}@example.com",
                "password": "a-l0ng-passw0rd",
                "group_ids": [(6, 0, [env.ref(group).id])],
            }
        )
        made[login] = user.id
    # those who lead a team see what its leaders see
    env["helpdesk.ticket.team"].search([]).write({"user_ids": [(4, made["leader"])]})
    return made


#: Where passwords and tokens are that Odoo itself keeps readable for system administrators.
PLAIN = {
    "fetchmail.server": (
        "password",
        "google_gmail_refresh_token",
        "google_gmail_access_token",
        "microsoft_outlook_refresh_token",
        "microsoft_outlook_access_token",
    ),
    "ir.mail_server": (
        "smtp_pass",
        "google_gmail_refresh_token",
        "google_gmail_access_token",
        "microsoft_outlook_refresh_token",
        "microsoft_outlook_access_token",
    ),
}
#: Those of the addon, for nobody.
SEALED = {
    "helpdesk.oauth.app": ("sealed_secret", "sealed_private_key"),
    "helpdesk.oauth.token": ("sealed",),
}

#: Fields of Odoo's addons that cannot be read of several records at once.
ONE_BY_ONE = ("google_gmail_uri", "microsoft_outlook_uri")


def _models(env):
    """The models that could have to do with it: the addon's, and what refers to its secrets."""
    near = {*PLAIN, *SEALED}
    names = {
        name
        for name, model in env.registry.items()
        if not model._abstract
        and (
            model._original_module == "helpdesk_mailflow"
            or name in near
            or any(field.comodel_name in near for field in model._fields.values())
        )
    }
    names |= {"mail.message", "mail.mail", "mail.activity", "ir.logging", "helpdesk.ticket"}
    return sorted(names)


def read_as(env, user_id, pieces, system=False):
    """Read all records, by all ways, as a user.

    :param pieces: what not to find: text -> name
    :param system: what Odoo keeps for system administrators is not looked at
    :return: how many records and fields were read, and what was found where
    """
    from odoo.exceptions import AccessError, UserError

    found, count = [], 0
    ways = ("read", "web_read", "export_data")

    def look(value, *place):
        text = repr(value)
        names = {name for piece, name in pieces.items() if piece in text}
        found.extend([*place, name] for name in names)

    for name in _models(env):
        Model = env[name].with_user(user_id).with_context(active_test=False)
        everything = env[name].sudo().with_context(active_test=False).search([], limit=200)
        env.invalidate_all()
        kept = PLAIN.get(name, ()) if system else ()
        fields = [
            each
            for each, field in Model._fields.items()
            if each not in kept and field.type != "binary"
        ]
        # one by one, since one that may not be read refuses all
        for each in fields:
            for way in ways if Model._auto else ways[:2]:
                records = Model.browse(everything.ids)
                if each in ONE_BY_ONE:
                    records = records[:1]
                try:
                    with env.cr.savepoint(flush=False):
                        if way == "read":
                            value = records.read([each])
                        elif way == "web_read":
                            value = records.web_read({each: {}})
                        else:
                            value = records.export_data([each])
                except (AccessError, UserError) as error:
                    look(str(error), name, each, way, "error")
                    continue
                count += len(records)
                look(value, name, each, way)
        try:
            look(Model.name_search("", limit=500), name, "name_search")
            look(Model.fields_get(), name, "fields_get")
            look(Model.default_get(list(Model._fields)), name, "default_get")
        except (AccessError, UserError) as error:
            look(str(error), name, "names", "error")
    return {"count": count, "found": found}


def _says(answer) -> bool:
    """Whether an answer has a value in it, but for what the web client wants to know of a group."""
    if isinstance(answer, dict):
        return any(_says(value) for key, value in answer.items() if not key.startswith("__"))
    if isinstance(answer, list | tuple):
        return any(map(_says, answer))
    return bool(answer)


def _questions(Model, path):
    """All ways to ask: how it is called -> a function."""
    relation, _dot, last = path.rpartition(".")
    asked = {
        "=like": lambda: Model.search_count([(path, "=like", "a%")]),
        "set": lambda: Model.web_search_read([(path, "!=", False)], {"id": {}}),
        "in": lambda: Model.search([(path, "in", ["a", "b"])]),
        "order": lambda: Model.search([], order=path),
        "group": lambda: Model.formatted_read_group([], [path], ["__count"]),
        "web_group": lambda: Model.web_read_group([], [path], ["__count"]),
        "max": lambda: Model.formatted_read_group([], [], [f"{path}:max"]),
        "export": lambda: Model.search([]).export_data([path.replace(".", "/")]),
    }
    if relation:
        inner = [(last, "=like", "a%")]
        asked["any"] = lambda: Model.search([(relation, "any", inner)])
        asked["web any!"] = lambda: Model.web_search_read([(relation, "any!", inner)], {})
    return asked


def ask_as(env, user_id, system=False):
    """Ask for secrets without reading them: conditions, orders, groups and exports by all
    paths of up to two steps that lead to one; returns those that were answered."""
    from odoo.exceptions import AccessError, UserError

    answered = []
    refusals = (AccessError, UserError, ValueError, KeyError, NotImplementedError)
    secret = dict(SEALED) if system else {**SEALED, **PLAIN}
    paths = [(model, field) for model, names in secret.items() for field in names]
    paths = [(model, field) for model, field in paths if field in env[model]._fields]
    for name in _models(env):
        for each, field in env[name]._fields.items():
            if not field.comodel_name or not field._description_searchable:
                continue
            paths += [
                (name, f"{each}.{secret_field}")
                for secret_field in secret.get(field.comodel_name, ())
                if secret_field in env[field.comodel_name]._fields
            ]
            for further, second in env[field.comodel_name]._fields.items():
                if second.comodel_name in secret and second._description_searchable:
                    paths += [
                        (name, f"{each}.{further}.{secret_field}")
                        for secret_field in secret[second.comodel_name]
                        if secret_field in env[second.comodel_name]._fields
                    ]
    for name, path in paths:
        Model = env[name].with_user(user_id).with_context(active_test=False)
        for way, ask in _questions(Model, path).items():
            try:
                with env.cr.savepoint(flush=False):
                    answer = ask()
            except refusals:
                continue
            # what is not there at all is not refused either
            if way in ("group", "web_group", "max") and not _says(answer):
                continue
            if way == "export" and not any(any(row) for row in answer["datas"]):
                continue
            answered.append([name, path, way])
    return {"paths": len(paths), "answered": answered}


def sources(env):
    """The raw mails of the ledger, and texts of attachments."""
    import zlib

    env.cr.execute("SELECT content FROM helpdesk_incoming_mail_source WHERE content IS NOT NULL")
    texts = [zlib.decompress(bytes(packed)).decode("latin-1") for (packed,) in env.cr.fetchall()]
    attachments = env["ir.attachment"].sudo().search([("res_model", "like", "helpdesk%")])
    texts += [(each.raw or b"").decode("latin-1") for each in attachments]
    return "\n".join(texts)


def opens(env, account_id):
    """Whether what is sealed can be opened here: app secret, and tokens."""
    from odoo.addons.helpdesk_mailflow.mailflow.errors import MailboxError

    account = env["helpdesk.oauth.account"].browse(account_id)
    said = []
    for ask in (account.app_id._engine_app, account._access_token):
        try:
            said.append("opened" if ask() else "nothing")
        except MailboxError as error:
            said.append(error.code)
    return said
