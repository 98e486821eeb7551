"""Whatever OpenAPI allows, and what it does not, gets a response that it describes.

`make fuzz` sends ten thousand requests; here are as many as a test may take.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

schemathesis = pytest.importorskip("schemathesis")

CASES = int(os.environ.get("ELMAN_CASES", "5"))
"""For each route."""
WARM = 3

GROWTH = 48 * 2**20  # bytes; created sessions stay


@pytest.mark.filterwarnings("ignore")  # those of schemathesis
def test_every_case_is_answered_as_described(server):
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    ]
    schema = schemathesis.openapi.from_dict(server.request("GET", "/openapi.json").json())
    names = [each["name"] for each in server.request("GET", "/models").json()["models"]]
    served = [(name, "none", "none") for name in names]
    for name in ("tale", "lstm", "reviews"):
        session = server.post(f"/models/{name}/sessions", {}).json()["session"]
        created = server.post(f"/models/{name}/keyboards", {}).json()
        served += [(name, session, created.get("keyboard", "none"))] * 2
    sent = 0

    def send_all(cases):
        for result in schema.get_all_operations():
            operation = result.ok()
            modes = [GenerationMode.POSITIVE]
            # A path is text, which is always valid: to look for what is not takes a minute.
            if operation.body or operation.query or operation.headers or operation.cookies:
                modes.append(GenerationMode.NEGATIVE)
            for mode in modes:

                @given(operation.as_strategy(generation_mode=mode))
                @settings(
                    max_examples=cases,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    phases=[Phase.generate],
                    database=None,
                )
                def one(case):
                    nonlocal sent
                    sent += 1
                    # Made-up names are never found: most cases need a model, and a session of it.
                    parts = ("name", "session", "keyboard")
                    real = dict(zip(parts, served[sent % len(served)], strict=True))
                    if case.path_parameters and sent % 5:
                        case.path_parameters |= {
                            part: real[part] for part in real.keys() & case.path_parameters.keys()
                        }
                    answer = case.call(base_url=server.address, session=None, timeout=30)
                    case.validate_response(answer, checks=checks)

                one()

    send_all(WARM)  # what is allocated once is allocated by then
    before = server.resident
    send_all(CASES)
    assert sent > CASES
    grown = server.resident - before
    print(f"{sent:,} requests, {grown / 2**20:.1f} MiB more")  # noqa: T201 - the figure of make fuzz
    assert grown < GROWTH
