# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


def give_each_company_a_sender(env) -> None:
    """Give each company the From address that Odoo sends as already, and a conversation
    template, where it has none; archived companies, too, since they may come back."""
    companies = env["res.company"].with_context(active_test=False).search([])
    env["helpdesk.from.address"]._give_each_company_one(companies)
    env["helpdesk.conversation.template"]._give_each_company_one(companies)


def give_each_company_examples(env) -> None:
    """Give each company ready scanner rules to switch on; archived companies, too."""
    companies = env["res.company"].with_context(active_test=False).search([])
    env["helpdesk.scanner.rule"]._give_each_company_examples(companies)


def give_each_team_an_address(env) -> None:
    """Give teams that nobody can write to an address on the alias domain."""
    env["helpdesk.ticket.team"].search([])._give_addresses()


def post_init_hook(env):
    """Adopt the teams' aliases, and give each company a support alias, a From address, a
    conversation template, and ready scanner rules, and each team an address."""
    Alias = env["helpdesk.support.alias"]
    teams = env["helpdesk.ticket.team"].with_context(active_test=False).search([])
    Alias._adopt_teams(teams)
    Alias._give_each_company_one(env["res.company"].search([]))
    give_each_team_an_address(env)
    give_each_company_a_sender(env)
    give_each_company_examples(env)


def uninstall_hook(env):
    """Stop what cannot work without the addon, while it still knows what that is.

    An outgoing server without the log-in of its account would go on to claim the mails of its
    address, and each of them would fail; one that is not proven would begin to send. Servers
    that log in with a password go on for Odoo's own mail. Odoo would go on to read the mailboxes
    of mail scanners, mark what is new as read, and have nowhere to put it.
    """
    servers = env["ir.mail_server"].with_context(active_test=False, mailflow_by_address=True)
    made = servers.search([("helpdesk_is_own", "=", True)])
    useless = made.filtered(
        lambda server: "verified" not in server.helpdesk_from_address_ids.mapped("state")
    )
    useless |= servers.search([("smtp_authentication", "=", "helpdesk_oauth")])
    useless |= servers.browse(env["helpdesk.mailbox.connection"].search([]).outgoing_draft_id.ids)
    addresses = useless.helpdesk_from_address_ids._by_system()
    addresses.with_context(mailflow_server_settled=True).write({"mail_server_id": False})
    useless.unlink()
    scanners = env["fetchmail.server"].with_context(active_test=False)
    scanners.search([("is_scanner", "=", True), ("state", "=", "done")]).write({"state": "draft"})
