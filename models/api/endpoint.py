"""What makes a method of the facade an endpoint: checked arguments, one channel, one log line."""

import functools
import inspect
import logging
import re
import time
from collections.abc import Callable
from typing import NamedTuple, get_type_hints

from psycopg2 import Error as DatabaseError
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo

from odoo import api

from .contract import Given
from .error import ApiError, get_code, get_correlation_id

_logger = logging.getLogger(__name__)

#: Problems with the arguments that one answer tells.
MOST_TOLD = 5
#: What of Odoo calls methods of models over its older ways.
RPC_CALLS = ("execute", "execute_kw")
_PARAM = re.compile(r":param (\w+): *(.*?)(?=\n\s*:|\Z)", re.DOTALL)


class Endpoint(NamedTuple):
    """A method that channels may call.

    :param method: what answers a call, given ``oms.api``, the channel and the checked arguments
    :param request: model of its arguments
    :param answer: adapter of what it returns
    :param str description: its docstring, without the fields
    :param bool readonly: whether it changes nothing
    """

    method: Callable
    request: type[BaseModel]
    answer: TypeAdapter
    description: str
    readonly: bool

    @property
    def name(self):
        return self.method.__name__

    def run(self, model, channel, arguments, started):
        """Answer a call that was checked, and log it.

        :param model: ``oms.api`` as superuser in the company of the channel
        :param channel: ``oms.channel`` likewise
        :param dict arguments: checked, by name
        :param float started: when the call came, as :func:`time.perf_counter` tells
        :return: the answer, checked, as plain data
        """
        outcome = "done"
        try:
            answer = self.method(model, channel, **arguments)
        except DatabaseError:
            outcome = "database error"
            raise
        except Exception as error:
            outcome = get_code(error) or "fault"
            raise
        finally:
            _logger.info(
                "Channel %s: %s, %s in %.0f ms [%s]",
                channel.code,
                self.name,
                outcome,
                (time.perf_counter() - started) * 1000,
                get_correlation_id(),
            )
        return self.answer.dump_python(
            self.answer.validate_python(answer), mode="json", exclude_none=False
        )


#: All endpoints by name.
ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(method=None, *, readonly=False, any_of=(), one_of=(), needs=None):
    """Turn a typed method of ``oms.api`` into an endpoint.

    The arguments of a call are checked against the annotations. The method is then called with
    them as superuser in the company of the channel. Callers name the channel by its code; the
    method gets the record. What it returns is checked and made plain data.

    :param bool readonly: whether the method changes nothing, and so may run on a replica
    :param any_of: names of arguments of which one is needed at least; the method checks it, this
        tells it to machines
    :param one_of: likewise, of which just one is needed
    :param dict needs: likewise, the argument that another one goes with, by that one
    """
    if method is None:
        return functools.partial(
            endpoint, readonly=readonly, any_of=any_of, one_of=one_of, needs=needs
        )
    pairs = [
        {"anyOf": [{"properties": {name: {"type": "null"}}}, *_describe_choice([other])]}
        for name, other in (needs or {}).items()
    ]
    choice = {
        "anyOf": _describe_choice(any_of), "oneOf": _describe_choice(one_of), "allOf": pairs
    }  # fmt: skip
    needed = {kind: told for kind, told in choice.items() if told}
    described = ENDPOINTS[method.__name__] = _describe(method, readonly, needed)
    names = list(described.request.model_fields)

    @functools.wraps(method)
    def call(self, /, *args, **kwargs):
        started = time.perf_counter()
        if len(args) > len(names):
            raise ApiError("invalid", self.env._("Name the arguments."))
        kwargs |= dict(zip(names, args, strict=False))
        return described.run(*self._enter(described, kwargs), started)

    call.__signature__ = _get_lenient_signature(method)
    call = api.model(call)
    return api.readonly(call) if readonly else call


def _get_lenient_signature(method):
    """Return the signature of an endpoint as Odoo is to see it.

    It names and types the arguments, but refuses none: what is missing or unknown is told in the
    shape of the API's errors instead of Odoo's.
    """
    signature = inspect.signature(method)
    parameters = [
        parameter if name == "self" else parameter.replace(default=None)
        for name, parameter in signature.parameters.items()
    ]
    parameters.append(inspect.Parameter("unknown", inspect.Parameter.VAR_KEYWORD))
    return signature.replace(parameters=parameters)


def _describe_choice(names):
    """Return, in JSON Schema, that one of some arguments is there and not null."""
    given = {"not": {"type": "null"}}
    return [{"required": [name], "properties": {name: given}} for name in names]


def _describe(method, readonly, needed):
    """Make the request and answer types of a method from its annotations and docstring.

    :param dict needed: JSON Schema of what the arguments do not tell one by one
    """
    hints = get_type_hints(method, include_extras=True)
    text = inspect.getdoc(method) or ""
    told = {name: " ".join(words.split()) for name, words in _PARAM.findall(text)}
    fields = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name in ("self", "channel"):
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = (hints[name], FieldInfo(default=default, description=told.get(name)))
    fields["channel"] = (
        str | None,
        FieldInfo(
            default=None,
            max_length=64,
            description="Code of the channel; may be left out by who has one only.",
        ),
    )
    title = "".join(part.title() for part in method.__name__.split("_"))
    base = type("Request", (Given,), {"model_config": {"json_schema_extra": needed}})
    return Endpoint(
        method,
        create_model(f"{title}Request", __base__=base, **fields),
        TypeAdapter(hints["return"]),
        text.split("\n:param", 1)[0].split("\n:r", 1)[0].strip(),
        readonly,
    )


def read_arguments(env, described, kwargs):
    """Return the arguments of a call, checked.

    :param Endpoint described: what is called
    :param dict kwargs: the arguments as they came
    :rtype: pydantic.BaseModel
    :raises ApiError: one of them is wrong
    """
    try:
        return described.request.model_validate(kwargs)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        text = get_problem_text(env, problems, described.name)
        field = _get_path(problems[0]["loc"]) or None
        raise ApiError("invalid", text, field) from None


def get_problem_text(env, problems, whole):
    """Say in words what is wrong with arguments.

    :param list problems: as pydantic tells them
    :param str whole: what is said to be wrong where no part is
    :rtype: str
    """
    told = [
        f"{_get_path(each['loc']) or whole}: {_get_reason(env, each)}"
        for each in problems[:MOST_TOLD]
    ]
    if len(problems) > MOST_TOLD:
        told.append(env._("and %s more", len(problems) - MOST_TOLD))
    return "; ".join(told)


def _get_path(loc):
    return ".".join(map(str, loc))[:200]


def get_unknown(env, name):
    """Return the error that the API has no such method.

    :param name: what was called, as it came
    :rtype: ApiError
    """
    return ApiError("not_found", env._("The API has no method “%s”.", str(name)[:64]))


def get_failure(env, error, way, name):
    """Return why a call to the facade over one of Odoo's older ways failed.

    Odoo stumbles there over what it does not know, as over a fault of the server.

    :param Exception error: what was raised
    :param way: what of Odoo was called: `execute` and `execute_kw` call methods
    :param name: of the method
    :return: the same error, or that there is no such method
    :rtype: Exception
    """
    if isinstance(error, DatabaseError) or get_code(error):
        return error
    if way not in RPC_CALLS:
        return get_unknown(env, way)
    return error if isinstance(name, str) and name in ENDPOINTS else get_unknown(env, name)


def _get_reason(env, problem):
    if problem["type"] == "missing":
        return env._("is missing")
    if problem["type"] == "extra_forbidden":
        return env._("is unknown")
    return problem["msg"].removeprefix("Value error, ")
