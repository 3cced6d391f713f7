-- copies of a database do not ask carriers for anything: the keys are for the real one
UPDATE oms_carrier_setting
   SET value = NULL
  FROM oms_carrier_account account
 WHERE account.id = oms_carrier_setting.account_id
   AND account.adapter <> 'simulator';
UPDATE oms_carrier_account
   SET active = false
 WHERE adapter <> 'simulator';
-- nor do they take what carriers tell the real one
UPDATE oms_carrier_account SET webhook_token = NULL;
