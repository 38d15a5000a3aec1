# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Which name stands before the address of a mail of a ticket."""


def sender_name(sender, queue, team, company, author=None) -> str:
    """The first of these that there is:

    1. the name of who wrote it, if that is no colleague (a customer in the portal);
    2. the agent's name in the company's pattern, if the policy *agent's name in From* says so;
    3. the team's display name, if the policy *team's display name in From* says so;
    4. the name of the From address;
    5. the friendly name of the support alias, or its name;
    6. the company's name.

    :param sender: ``helpdesk.from.address``
    :param queue: ``helpdesk.support.alias`` or none
    :param author: ``res.partner`` of the person who wrote it; none for automatic mail
    """
    # sudo: names that customers see anyway, and policies hold for everyone
    sender, queue, team, company = sender.sudo(), queue.sudo(), team.sudo(), company.sudo()
    if author:
        author = author.sudo()
        if author.partner_share:
            return author.name or ""
        if company._mailflow_policy("agent_name", team):
            pattern = company.helpdesk_agent_name_pattern or "{agent}"
            return pattern.format(
                agent=author.name or "",
                team=team.mail_display_name or team.name or "",
                company=company.name,
            ).strip()
    if team.mail_display_name and company._mailflow_policy("team_name", team):
        return team.mail_display_name
    return sender.friendly_name or queue.friendly_name or queue.name or company.name or ""
