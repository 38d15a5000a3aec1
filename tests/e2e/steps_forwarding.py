"""What the tests of forwarding do inside Odoo, by the guide *Connect a mailbox*."""


def _said(connection):
    connection.invalidate_recordset()
    return {
        "id": connection.id,
        "step": connection.step,
        "problem": connection.problem or "",
        "provided": connection.provided_email or "",
        "test": connection.test_state,
        "sentence": connection.test_sentence or "",
        "warning": connection.test_warning or "",
        "code": connection.confirmation_code or "",
        "link": connection.confirmation_link or "",
        "sender": connection.from_address_id.state or "",
    }


def _connection(env, connection_id):
    return env["helpdesk.mailbox.connection"].browse(connection_id)


def forward(env, email, **values):
    """Begin the guide for a mailbox that is to be forwarded; it shows the address to."""
    connection = env["helpdesk.mailbox.connection"].create({"email": email, **values})
    connection.action_next()
    connection.road = "forward"
    connection.action_next()
    return _said(connection)


def team(env, name):
    return env["helpdesk.ticket.team"].create({"name": name}).id


def go_on(env, connection_id, **values):
    """Press *Next*."""
    connection = _connection(env, connection_id)
    connection.write(values)
    connection.action_next()
    return _said(connection)


def send_test(env, connection_id):
    connection = _connection(env, connection_id)
    connection.action_send_test_mail()
    return _said(connection)


def poll(env, connection_id):
    told = _connection(env, connection_id).poll_test_mail()
    return {**told, **_said(_connection(env, connection_id))}


def said(env, connection_id):
    return _said(_connection(env, connection_id))


def of_scanner(env, email, scanner_id):
    """A connection at its test, whose mailbox is read by a scanner once it is active."""
    connection = env["helpdesk.mailbox.connection"].create(
        {"email": email, "road": "provider", "direction": "in", "scanner_id": scanner_id}
    )
    connection.step = "test"
    return _said(connection)
