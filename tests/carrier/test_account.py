from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import file_open

from .carrier_case import CarrierCase


@tagged("post_install", "-at_install")
class TestAccount(CarrierCase):
    def make(self, adapter="sendcloud", **values):
        account = self.env["oms.carrier.account"].create(
            {"name": adapter, "adapter": adapter, **values}
        )
        return account

    def fill(self, account, **values):
        for name, value in values.items():
            account.setting_ids.filtered(lambda line, name=name: line.name == name).shown = value

    def test_the_adapter_says_what_it_needs(self):
        account = self.make()
        self.assertIn("secret_key", account.setting_ids.mapped("name"))
        self.assertEqual(account.missing_text, "Public Key, Secret Key")
        with self.assertRaises(UserError):
            account._get_adapter()
        self.fill(account, public_key="public", secret_key="top secret")
        self.assertFalse(account.missing_text)
        asked = account._prepare_account()
        self.assertEqual(asked.credentials["secret_key"], "top secret")
        self.assertNotIn("top secret", repr(asked))

    def test_secrets_are_written_and_never_read(self):
        account = self.make()
        manager = new_test_user(self.env, "carrier_manager", "oms.group_order_manager")
        line = account.setting_ids.filtered(lambda each: each.name == "secret_key")
        line = line.with_user(manager)
        line.shown = "top secret"
        self.env.invalidate_all()
        self.assertNotIn("top", line.shown)
        with self.assertRaises(AccessError):
            line.read(["value"])
        # What is shown is not taken for a new secret.
        line.shown = line.shown
        self.assertEqual(line.sudo().value, "top secret")

    def test_secrets_are_not_read_by_another_name(self):
        account = self.make()
        line = account.setting_ids.filtered(lambda each: each.name == "secret_key")
        line.shown = "top secret"
        manager = new_test_user(self.env, "carrier_manager", "oms.group_order_manager")
        self.env.invalidate_all()
        own = line.with_user(manager)
        told = own.onchange({"name": "contract"}, ["name"], {"name": {}, "shown": {}})
        self.assertNotIn("top secret", str(told))
        told = own.onchange({"name": "contract", "shown": False}, ["name"], {"shown": {}})
        self.assertNotIn("top secret", str(told))
        own.name = "other"
        self.env.invalidate_all()
        self.assertFalse(own.shown)
        self.assertFalse(line.sudo().value, "it is forgotten, not shown")

    def test_keys_do_not_go_elsewhere(self):
        """Who may not read the keys cannot have them sent to himself, either."""
        account = self.make()
        manager = new_test_user(self.env, "carrier_manager", "oms.group_order_manager")
        own = account.with_user(manager)
        own.base_url = "https://carrier.example.com/v3"
        line = own.setting_ids.filtered("is_secret")
        line.shown = "top secret"
        own.base_url = "https://carrier.example.com/v4"
        with self.assertRaises(UserError):
            own.base_url = "https://mine.example.org"
        documents = own.setting_ids.filtered(lambda each: each.name == "documents")
        with self.assertRaises(UserError):
            documents.shown = "https://mine.example.org"
        self.assertFalse(documents.sudo().value)
        line.shown = False
        own.base_url = "https://mine.example.org"

    def test_another_carrier_does_not_get_the_keys(self):
        account = self.make("dhl")
        self.fill(account, password="top secret")
        account.adapter = "chronopost"
        password = account.setting_ids.filtered(lambda line: line.name == "password")
        self.assertEqual((len(password), password.value), (1, False))

    def test_copies_of_a_database_have_no_keys(self):
        account = self.make()
        self.fill(account, public_key="public", secret_key="top secret")
        self.env.flush_all()
        with file_open("oms/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        self.assertFalse(any(account.setting_ids.mapped("value")))
        self.assertFalse(account.active)
        self.assertTrue(self.account.active, "the demo carrier is nobody outside")

    def test_services_inside_are_for_administrators(self):
        account = self.make()
        for url in ("http://carrier.example.com", "https://127.0.0.1:8069", "https://10.0.0.1"):
            with self.assertRaises(ValidationError):
                account.base_url = url
        with self.assertRaises(ValidationError):
            self.fill(account, documents="http://169.254.169.254/")
        account.allow_local = True
        account.base_url = "http://127.0.0.1:8080"
        manager = new_test_user(self.env, "carrier_manager", "oms.group_order_manager")
        with self.assertRaises(AccessError):
            account.with_user(manager).allow_local = False

    def test_another_adapter_has_other_settings(self):
        with Form(self.env["oms.carrier.account"]) as form:
            form.name = "GLS"
            form.adapter = "gls"
            form.adapter = "dhl"
        account = form.record
        self.assertIn("billing_number", account.setting_ids.mapped("name"))
        self.assertNotIn("client_id", account.setting_ids.mapped("name"))
        self.assertIn("dhl.com", account.base_url)

    def test_the_first_account_that_the_site_can_use(self):
        other = self.make("simulator", site_ids=self.far.ids, sequence=1)
        incomplete = self.make("sendcloud", sequence=0)
        accounts = incomplete | other | self.account
        accounts = accounts.sorted("sequence")
        self.assertEqual(accounts._find_all_for(self.far).ids, (other | self.account).ids)
        self.assertEqual(accounts._find_all_for(self.near), self.account)
        self.assertFalse(incomplete._find_all_for(self.near))

    def test_who_sees_accounts(self):
        clerk = new_test_user(self.env, "carrier_clerk", "oms.group_site_operator")
        operator = new_test_user(self.env, "carrier_operator", "oms.group_order_operator")
        with self.assertRaises(AccessError):
            self.account.with_user(clerk).read(["name"])
        self.account.with_user(operator).read(["name", "missing_text"])
        with self.assertRaises(AccessError):
            self.account.with_user(operator).setting_ids.read(["shown"])
