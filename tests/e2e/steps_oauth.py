"""Steps about connected accounts (see steps.py)."""


def connect_app(env, url, authority, client_id, secret, flow="user", username=False):
    """An app registration and a connected account of it; returns the id of the account.

    :param url: where people open Odoo
    """
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param("web.base.url", url)
    parameters.set_param("web.base.url.freeze", "True")
    app = env["helpdesk.oauth.app"].search([("client_id", "=", client_id)]) or env[
        "helpdesk.oauth.app"
    ].create(
        {
            "name": "Test app",
            "authority": authority,
            "client_id": client_id,
            "new_secret": secret,
        }
    )
    account = env["helpdesk.oauth.account"].create(
        {"app_id": app.id, "flow": flow, "username": username}
    )
    return account.id


def check_app(env, account_id):
    """Press the button that asks for a token in the name of the app."""
    return env["helpdesk.oauth.account"].browse(account_id).action_sign_in()["tag"]


def sign_in_url(env, account_id, then):
    """Where the browser goes when somebody presses *Sign in*."""
    return env["helpdesk.oauth.account"].browse(account_id)._sign_in_action(then=then)["url"]


def account(env, account_id):
    """What the form of an account shows."""
    record = env["helpdesk.oauth.account"].browse(account_id)
    return {
        "exists": bool(record.exists()),
        "state": record.state,
        "username": record.username or "",
        "problem": record.problem or "",
        "since": bool(record.problem_since),
    }


def token(env, account_id, renew=False):
    """An access token of an account."""
    return env["helpdesk.oauth.account"].browse(account_id)._access_token(renew=renew)


def token_or_error(env, account_id, renew=False):
    """An access token, or the code of the error."""
    from odoo.addons.helpdesk_mailflow.mailflow.errors import MailboxError

    try:
        return token(env, account_id, renew)
    except MailboxError as error:
        return error.code


def many_tokens(env, account_id, threads, at, renew):
    """Ask for a token in several threads at the same moment, each in a transaction of its own.

    :param at: POSIX time
    :return: tokens, or names of errors
    """
    import threading
    import time

    from odoo import api
    from odoo.modules.registry import Registry

    found = []

    def ask():
        time.sleep(max(0, at - time.time()))
        with Registry(env.cr.dbname).cursor() as cursor:
            own = api.Environment(cursor, env.uid, {})
            try:
                found.append(token(own, account_id, renew))
            except Exception as error:  # noqa: BLE001 -- told to the test
                found.append(f"{type(error).__name__}: {error}")

    workers = [threading.Thread(target=ask) for _number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def token_and_rollback(env, account_id):
    """Renew the token in a transaction that fails then."""
    token(env, account_id, renew=True)
    raise RuntimeError("something else went wrong")


def die_with_token(env, account_id):
    """End this process (SIGKILL) when the sign-in server has answered and nothing is kept."""
    import os
    import signal

    from odoo.addons.helpdesk_mailflow.mailflow import oauth

    original = oauth.token_for

    def dying(*args, **kwargs):
        original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    oauth.token_for = dying
    token(env, account_id, renew=True)


def told(env):
    """Who was told of problems with connections: activities and mails, and by whom they wait."""
    kind = env.ref("helpdesk_mailflow.oauth_activity")
    activities = env["mail.activity"].sudo().search([("activity_type_id", "=", kind.id)])
    mails = env["mail.mail"].search([("subject", "ilike", "connection")])
    mails |= env["mail.mail"].search([("subject", "ilike", "sign in again")])
    return {
        "activities": sorted((each.user_id.login, each.summary) for each in activities),
        "mails": sorted((each.email_to, each.subject) for each in mails),
    }


def manager(env, login):
    """A helpdesk manager who is no system administrator; who is one gets an address."""
    env.user.email = "admin@example.com"
    user = env["res.users"].create(
        {
            "name": login.title(),
            "login": login,
            "email": f"{login}@example.com",
            "group_ids": [(6, 0, [env.ref("helpdesk_mgmt.group_helpdesk_manager").id])],
        }
    )
    return user.id


def scan_is_due(env):
    """Whether the cron that scans mailboxes was asked to run at once."""
    cron = env.ref("helpdesk_mailflow.ir_cron_scan")
    return bool(env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)]))


def forget_triggers(env):
    env["ir.cron.trigger"].sudo().search([]).unlink()


def forget_told(env):
    """Begin with nobody told."""
    kind = env.ref("helpdesk_mailflow.oauth_activity")
    env["mail.activity"].sudo().search([("activity_type_id", "=", kind.id)]).unlink()
    env["mail.mail"].sudo().search([]).unlink()


def account_of(env, username):
    """The account that somebody has signed in to: an older one, if there is one."""
    found = env["helpdesk.oauth.account"].search([("username", "=", username)])
    found.ensure_one()
    return found.id


# ------------------------------------------------------------
# MAIL
# ------------------------------------------------------------


def oauth_sender(env, email, account_id, port, encryption="starttls"):
    """A From address that sends with the token of an account, tested as with the button."""
    address = env["helpdesk.from.address"].create(
        {
            "email": email,
            "friendly_name": "Support",
            "sends_via": "mailbox",
            "oauth_account_id": account_id,
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_encryption": encryption,
        }
    )
    said = address.action_test_connection()["params"]["message"]
    return {"id": address.id, "said": said, "state": address.state, "proof": address.proof}


def sender_of(env, email):
    return env["helpdesk.from.address"].search([("email", "=", email)]).id


def answer_from(env, scanner_id, address_id, text):
    """Answer the last ticket of a scanner from an address, through the queue; its id."""
    row = env["helpdesk.incoming.mail"].search(
        [("folder_id.scanner_id", "=", scanner_id)], order="id desc", limit=1
    )
    ticket = row.delivery_ids.ticket_id
    ticket.message_post(
        body=text,
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=ticket.partner_id.ids,
        helpdesk_from_address_id=address_id,
    )
    return ticket.id
