"""Steps about the guide's road *Microsoft 365* (see steps.py)."""


def microsoft_sign_in(env, connection_id):
    """Where the browser goes from *Sign in with Microsoft*."""
    return (
        env["helpdesk.mailbox.connection"].browse(connection_id).action_microsoft_sign_in()["url"]
    )


def microsoft_graph(env, connection_id, url):
    """Press *Send through Microsoft Graph*: where the browser goes, and where the guide is.

    :param url: of Graph
    """
    env["ir.config_parameter"].set_param("helpdesk_mailflow.graph_url", url)
    connection = env["helpdesk.mailbox.connection"].browse(connection_id)
    action = connection.action_microsoft_graph() or {}
    return {
        "url": action.get("url", ""),
        "step": connection.step,
        "problem": connection.problem,
    }


def microsoft(env, connection_id):
    """What the guide has set up, and says."""
    connection = env["helpdesk.mailbox.connection"].browse(connection_id)
    scanner, address = connection.scanner_id, connection.from_address_id
    return {
        "account": connection.oauth_account_id.username or "",
        "smtp_is_off": connection.microsoft_smtp_is_off,
        "said": connection.connect_result or "",
        "authentication": scanner.authentication,
        "scanner_problem": scanner.oauth_problem or "",
        "error": scanner.error_message or "",
        "send_by": address.oauth_send_by,
        "account_id": connection.oauth_account_id.id,
    }


def last_ticket(env, subject):
    return env["helpdesk.ticket"].search([("name", "=", subject)], limit=1).id


def waiting(env):
    """Mails that wait to be sent: how often each was tried."""
    return env["mail.mail"].sudo().search([("state", "=", "outgoing")]).mapped("helpdesk_tries")
