-- a copy of the database must not read the mailboxes of the original
UPDATE fetchmail_server SET state = 'draft', password = NULL WHERE is_scanner;
-- nor send through the servers of its From addresses, even if somebody activates them again
UPDATE ir_mail_server SET active = false, smtp_pass = NULL
 WHERE id IN (SELECT mail_server_id FROM helpdesk_from_address);
