-- a copy of the database must not read the mailboxes of the original
UPDATE fetchmail_server SET state = 'draft', password = NULL WHERE is_scanner;
-- nor send through the servers of its From addresses, even if somebody activates them again; nor
-- keep what was typed in the guide and is not in use yet
UPDATE ir_mail_server SET active = false, smtp_pass = NULL, smtp_ssl_private_key = NULL
 WHERE helpdesk_is_own
    OR id IN (SELECT mail_server_id FROM helpdesk_from_address)
    OR id IN (SELECT outgoing_draft_id FROM helpdesk_mailbox_connection);
-- nor have the tokens of mailboxes that Odoo's own addons for Google and Microsoft connected, where
-- they are installed
DO $$
DECLARE
    token record;
BEGIN
    FOR token IN
        SELECT table_name, column_name
          FROM information_schema.columns
         WHERE table_schema = current_schema()
           AND table_name IN ('fetchmail_server', 'ir_mail_server')
           AND column_name IN (
               'google_gmail_refresh_token', 'google_gmail_access_token',
               'microsoft_outlook_refresh_token', 'microsoft_outlook_access_token')
    LOOP
        EXECUTE format(
            'UPDATE %I SET %I = NULL WHERE %s', token.table_name, token.column_name,
            CASE token.table_name
                WHEN 'fetchmail_server' THEN 'is_scanner'
                ELSE 'id IN (SELECT mail_server_id FROM helpdesk_from_address)'
            END);
    END LOOP;
END $$;
-- nor ask an authority for tokens of the original's connected accounts
UPDATE helpdesk_oauth_token
   SET sealed = NULL, state = 'new', problem_code = NULL, problem_values = NULL,
       problem_since = NULL, is_told = false;
UPDATE helpdesk_oauth_app SET sealed_secret = NULL, sealed_private_key = NULL;
