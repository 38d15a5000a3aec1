-- a copy of the database must not read the mailboxes of the original
UPDATE fetchmail_server SET state = 'draft', password = NULL WHERE is_scanner;
-- nor send through the servers of its From addresses, even if somebody activates them again
UPDATE ir_mail_server SET active = false, smtp_pass = NULL
 WHERE id IN (SELECT mail_server_id FROM helpdesk_from_address);
-- nor by those that somebody has begun to set up
UPDATE ir_mail_server SET active = false, smtp_pass = NULL
 WHERE id IN (SELECT outgoing_draft_id FROM helpdesk_mailbox_connection);
-- nor ask an authority for tokens of the original's connected accounts
UPDATE helpdesk_oauth_token
   SET sealed = NULL, state = 'new', problem_code = NULL, problem_values = NULL,
       problem_since = NULL, is_told = false;
UPDATE helpdesk_oauth_app SET sealed_secret = NULL, sealed_private_key = NULL;
