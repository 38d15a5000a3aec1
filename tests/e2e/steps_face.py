"""Steps of test_right_face: From addresses with servers of their own, agents, answers."""

from markupsafe import Markup


def own_smtp(env, email, name, port, encryption, user, password="secret", **values):
    """A From address with an own SMTP server, tested as with the button."""
    address = env["helpdesk.from.address"].create(
        {
            "email": email,
            "friendly_name": name,
            "sends_via": "smtp",
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_encryption": encryption,
            "smtp_user": user,
            "new_smtp_password": password,
            **values,
        }
    )
    said = address.action_test_connection()["params"]["message"]
    return {"id": address.id, "said": said, "state": address.state, "proof": address.proof}


def test_connection(env, address_id, **changes):
    """Change settings and test the connection; returns what the user reads."""
    from odoo.exceptions import UserError

    address = env["helpdesk.from.address"].browse(address_id)
    try:
        with env.cr.savepoint():
            address.write(changes)
            return address.action_test_connection()["params"]["message"]
    except UserError as error:
        return str(error)


def test_mail(env, address_id, email_to):
    """Send a test mail from an address; returns what the user reads."""
    wizard = env["helpdesk.from.test"].create({"address_id": address_id, "email_to": email_to})
    wizard.action_send()
    return wizard.result


def face(env):
    """What this file's tests need: Odoo's sender, queues that answer and an agent."""
    domain = env.company.alias_domain_id
    domain.default_from = "odoo"
    env.company.name = "Zylker"
    env["ir.config_parameter"].set_param("web.base.url", "https://odoo.example.com")
    queues = {}
    for name, local_part in (("Support", "support"), ("Sales", "sales"), ("Brand", "brand")):
        Alias = env["helpdesk.support.alias"]
        alias = Alias.search([]).filtered(lambda each, name=local_part: each.alias_name == name)
        # nobody follows the teams, and so their tickets
        Team = env["helpdesk.ticket.team"].with_context(
            mail_create_nosubscribe=True, mailflow_no_generated_address=True
        )
        team = Team.create({"name": f"{name} team", "alias_name": False})
        if not alias:
            alias = Alias.create({"name": name, "alias_name": local_part})
        alias.write({"name": name, "friendly_name": False, "team_id": team.id})
        queues[local_part] = {"alias": alias.id, "team": team.id}
    env["helpdesk.support.alias.address"].create(
        {"alias_id": queues["brand"]["alias"], "email": "help@brand.example", "kind": "external"}
    )
    agent = env["res.users"].create(
        {
            "name": "Brad Lee",
            "login": "brad",
            "email": "brad@example.com",
            "signature": "<p>Brad of Zylker</p>",
            "group_ids": [
                (4, env.ref("base.group_user").id),
                (4, env.ref("helpdesk_mgmt.group_helpdesk_user").id),
            ],
        }
    )
    colleague = agent.copy({"name": "Cleo Park", "login": "cleo", "email": "cleo@example.com"})
    for queue in queues.values():
        env["helpdesk.ticket.team"].browse(queue["team"]).user_ids = agent | colleague
    return {"queues": queues, "agent": agent.id, "colleague": colleague.id}


def follow(env, ticket_id, user_id):
    partner = env["res.users"].browse(user_id).partner_id
    env["helpdesk.ticket"].browse(ticket_id).message_subscribe(partner.ids)


def answer(env, agent_id, ticket_id, body, to=(), **values):
    """An agent's answer to the customer (and to others, by address); returns the message's id."""
    ticket = env["helpdesk.ticket"].with_user(agent_id).browse(ticket_id)
    partners = ticket.partner_id
    if to:
        partners = partners.union(
            *(env["res.partner"].sudo().find_or_create(address) for address in to)
        )
    if values.get("helpdesk_private"):
        partners -= ticket.partner_id
    return ticket.message_post(
        body=Markup(body),
        message_type="comment",
        subtype_xmlid="mail.mt_comment",
        partner_ids=partners.ids,
        **values,
    ).id


def what_became(env, message_id):
    """What agents see of a message, and the mails that it waits in."""
    message = env["mail.message"].browse(message_id)
    mails = env["mail.mail"].sudo().search([("mail_message_id", "=", message_id)])
    return {
        "notes": message._mailflow_sentences(),
        "sender": message.helpdesk_from_address_id.email or "",
        "mails": mails.mapped("state"),
        "notifications": sorted(
            (
                each.res_partner_id.email
                or each.mail_email_address
                or each.res_partner_id.name
                or "",
                each.notification_status,
            )
            for each in message.sudo().notification_ids
            if each.notification_type == "email"
        ),
        "message_id": message.message_id,
    }


def send_waiting(env):
    """Let the time of waiting mails come, and run the queue as its cron does."""
    from odoo import api

    Mail = env["mail.mail"].with_user(api.SUPERUSER_ID)
    Mail.search([("state", "=", "outgoing")]).write({"scheduled_date": False})
    env.cr.commit()
    Mail.process_email_queue()


def internal(env, ticket_id):
    """Messages of a ticket that came by mail: (sender, whether the portal shows it)."""
    ticket = env["helpdesk.ticket"].browse(ticket_id)
    return [
        [message.email_from, not message.is_internal]
        for message in ticket.message_ids.sorted("id")
        if message.message_type == "email"
    ]


def number(env, ticket_id):
    return env["helpdesk.ticket"].browse(ticket_id).number


def company(env, **values):
    env.company.write(values)


def visit_as_cron(env, scanner_id):
    """One visit to the mailbox, as cron does it: nobody follows what comes of it."""
    from odoo import api

    return env["fetchmail.server"].with_user(api.SUPERUSER_ID).browse(scanner_id)._visit(60.0)
