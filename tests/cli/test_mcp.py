"""`advisor mcp` over standard input and output, as an agent's client starts it."""

from __future__ import annotations

import asyncio
import json
import sys
import types
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from advisor.cli.app import run
from tests.cli.run import advisor


def test_a_client_starts_the_command_and_asks_it(tmp_path: Path) -> None:
    rows = [{"kind": "outcome", "request_id": f"r{at}", "timestamp": f"2026-01-02T03:04:{at:02}Z"} for at in range(9)]
    (tmp_path / "app.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = StdioServerParameters(command=sys.executable, args=["-m", "advisor", "mcp", "--root", str(tmp_path)])

    async def ask() -> None:
        async with Client(given) as client:
            names = [each.name for each in (await client.list_tools()).tools]
            assert names == ["questions", "recommend", "explain", "diagnose", "judge"]
            answer = await client.call_tool("diagnose", {"paths": ["app.jsonl"]})
            assert not answer.is_error, answer.content
            (file,) = answer.structured_content["diagnosis"]["inventory"]["files"]  # type: ignore[index]
            assert (file["path"], file["rows"]) == ("app.jsonl", 9)
            refused = await client.call_tool("diagnose", {"paths": ["/etc/hosts"]})
            assert refused.is_error
            assert "lies outside the served folder" in refused.content[0].text  # type: ignore[union-attr]

    asyncio.run(ask())


@pytest.mark.parametrize("found", [None, types.ModuleType("mcp.server")], ids=["none", "too old"])
def test_without_the_package_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], found: types.ModuleType | None
) -> None:
    monkeypatch.delitem(sys.modules, "advisor.serving.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server", found)
    assert run(["mcp"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    mend = "pip install 'agent-runtime-advisor[mcp]'"
    assert said.err == f"advisor mcp: needs the package mcp, 2.0 or newer; {mend}\n"


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    done = advisor("mcp", "--root", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"--root {tmp_path / 'none'}: is no folder; name a folder that exists\n"
