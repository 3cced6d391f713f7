from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestScreens(ReturnCase):
    def test_views_are_given_as_the_screen_asks_for_them(self):
        for name in ("action_return", "action_return_policy", "action_return_reason"):
            action = self.env.ref(f"oms.{name}")
            views = [[False, kind] for kind in (*action.view_mode.split(","), "search")]
            given = self.env[action.res_model].get_views(views, {"action_id": action.id})
            self.assertEqual(set(given["views"]), {kind for _id, kind in views})
