import inspect

from odoo.tests import tagged

from odoo.addons.oms.models.api.endpoint import ENDPOINTS
from odoo.addons.oms.models.api.openapi import describe

from .common import ApiHttpCase


@tagged("post_install", "-at_install")
class TestOpenApi(ApiHttpCase):
    def test_it_describes_all_that_can_be_called(self):
        model = type(self.env["oms.api"])
        public = {
            name
            for name, method in inspect.getmembers(model, inspect.isfunction)
            if method.__module__.startswith("odoo.addons.oms.") and not name.startswith("_")
        }
        self.assertEqual(public, set(ENDPOINTS))
        document = describe("https://example.com")
        self.assertEqual(set(document["paths"]), {f"/json/2/oms.api/{name}" for name in ENDPOINTS})
        for endpoint in ENDPOINTS.values():
            self.assertTrue(endpoint.description, endpoint.name)
            for name, field in endpoint.request.model_fields.items():
                self.assertTrue(field.description, f"{endpoint.name}: {name} is not explained")

    def test_every_reference_leads_somewhere(self):
        document = describe("https://example.com")
        known = document["components"]["schemas"]

        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    self.assertIn(node["$ref"].rsplit("/", 1)[-1], known)
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(document)

    def test_it_is_served(self):
        response = self.url_open("/oms/api/v1/openapi.json")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["openapi"], "3.1.0")
