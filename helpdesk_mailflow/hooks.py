# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


def post_init_hook(env):
    """Adopt the teams' aliases, and give each company a support alias, a From address and a
    conversation template."""
    Alias = env["helpdesk.support.alias"]
    teams = env["helpdesk.ticket.team"].with_context(active_test=False).search([])
    Alias._adopt_teams(teams)
    Alias._give_each_company_one(env["res.company"].search([]))
    env["helpdesk.from.address"]._give_each_company_one(
        env["res.company"].with_context(active_test=False).search([])
    )
    env["helpdesk.conversation.template"]._give_each_company_one(
        env["res.company"].with_context(active_test=False).search([])
    )
