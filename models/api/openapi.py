"""The OpenAPI document of the channel API, made of the types that check its calls."""

from pydantic import TypeAdapter

from .contract import Error
from .endpoint import ENDPOINTS
from .error import STATUSES

VERSION = "1.0"
_REF = "#/components/schemas/{model}"
_ABOUT = """\
What a channel (a web shop, a marketplace, a store) may ask of the order management system: what it
can sell, holding goods for carts, placing orders, and following stock and orders. Arguments are
given by name; quantities are in the product's unit of measure; moments are in UTC.

The same methods answer JSON-RPC 2.0 at `/oms/api/v1/<method>`, with the arguments as `params` and
errors as `error.data`.
"""


def describe(server):
    """Return the document.

    :param str server: where the server is reached, without a slash at the end
    :rtype: dict
    """
    adapters = [("error", "serialization", TypeAdapter(Error))]
    for endpoint in ENDPOINTS.values():
        adapters.append((f"{endpoint.name}.given", "validation", TypeAdapter(endpoint.request)))
        adapters.append((f"{endpoint.name}.told", "serialization", endpoint.answer))
    schemas, definitions = TypeAdapter.json_schemas(adapters, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Channel API of Distributed Order Management",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "LGPL-3.0-or-later", "identifier": "LGPL-3.0-or-later"},
        },
        "servers": [{"url": server}],
        "security": [{"key": []}],
        "paths": {
            f"/json/2/oms.api/{endpoint.name}": _describe_path(endpoint, schemas)
            for endpoint in ENDPOINTS.values()
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key of Odoo."}
            },
            "schemas": definitions.get("$defs", {}),
        },
    }


def _is_body_needed(request):
    """Tell whether a method cannot be called without any argument."""
    needed = any(field.is_required() for field in request.model_fields.values())
    return needed or bool({"anyOf", "oneOf"} & set(request.model_config["json_schema_extra"]))


def _describe_path(endpoint, schemas):
    error = {"application/json": {"schema": schemas["error", "serialization"]}}
    summary, _break, rest = endpoint.description.partition("\n")
    codes = {}
    for code, status in STATUSES.items():
        codes.setdefault(status, []).append(code)
    return {
        "post": {
            "operationId": endpoint.name,
            "summary": summary,
            "description": rest.strip() or summary,
            "requestBody": {
                "required": _is_body_needed(endpoint.request),
                "content": {
                    "application/json": {"schema": schemas[f"{endpoint.name}.given", "validation"]}
                },
            },
            "responses": {
                "200": {
                    "description": "Done; items may carry an error of their own.",
                    "content": {
                        "application/json": {
                            "schema": schemas[f"{endpoint.name}.told", "serialization"]
                        }
                    },
                },
                **{
                    str(status): {"description": ", ".join(names), "content": error}
                    for status, names in sorted(codes.items())
                    if status < 500 or status == 503
                },
            },
        }
    }
