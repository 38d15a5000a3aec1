"""What the end-to-end tests of the guide *Connect a mailbox* do inside Odoo, beside steps.py."""


def connect(env, email, road, **values):
    """Begin a connection, and go to its step *connect*; returns its id."""
    connection = env["helpdesk.mailbox.connection"].create({"email": email})
    connection.action_next()
    assert connection.step == "road", connection.problem
    connection.road = road
    connection.action_next()
    assert connection.step == "connect", connection.problem
    connection.write(values)
    return connection.id


def suggested(env, email):
    """What the guide says about an address."""
    connection = env["helpdesk.mailbox.connection"].create({"email": email})
    connection.action_next()
    return {
        "road": connection.suggested_road,
        "said": connection.found_text,
        "incoming": connection.found["incoming"],
    }


def next_step(env, connection_id, **values):
    """Press Next after changes; returns where that leads, and why not further."""
    connection = env["helpdesk.mailbox.connection"].browse(connection_id)
    if values:
        connection.write(values)
    connection.action_next()
    return {"step": connection.step, "problem": connection.problem}


def next_step_gmail(env, connection_id, incoming, outgoing):
    """The same, with other servers in place of Google's."""
    from unittest.mock import patch

    connection = type(env["helpdesk.mailbox.connection"])
    theirs_in, theirs_out = connection._gmail_incoming, connection._gmail_outgoing
    with (
        patch.object(connection, "_gmail_incoming", lambda self: {**theirs_in(self), **incoming}),
        patch.object(connection, "_gmail_outgoing", lambda self: {**theirs_out(self), **outgoing}),
    ):
        return next_step(env, connection_id)


def set_up(env, connection_id):
    """What the guide has set up."""
    connection = env["helpdesk.mailbox.connection"].browse(connection_id)
    scanner, address = connection.scanner_id, connection.from_address_id
    return {
        "step": connection.step,
        "state": connection.state,
        "scanner": scanner.id,
        "scanner_state": scanner.scanner_state if scanner else None,
        "user": scanner.user,
        "folders": scanner._folders_to_read().mapped("name"),
        "from": address.email,
        "from_state": address.state,
        "proof": address.proof,
        "smtp_user": address.smtp_user,
        "from_filter": address.mail_server_id.from_filter,
        "draft": bool(connection.outgoing_draft_id),
        "alias": connection.alias_id.id,
        "answers_via": connection.alias_id.answers_via_id.email,
        "filtered": bool(
            env["helpdesk.own.address"].search_count([("email", "=", connection.email)], limit=1)
        ),
    }
