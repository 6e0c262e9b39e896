"""The answers file under construction: on disk after every answer, with what the user wrote by hand left in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.items import Table

from advisor.catalog.answers import KEYS, SCHEMA, AnswersFile, parse_answers, read_answers
from advisor.catalog.files import write_atomically


class Draft:
    """One answers file. Every setter writes it whole, atomically: a kill loses nothing that was answered."""

    def __init__(self, path: Path) -> None:
        """Opens a file that exists, or prepares a new one (`is_new`) that is first written by `begin`.

        Raises:
            InputError: The file exists and is no valid answers file; it is left as it is.
        """
        self.path = path
        self.is_new = not path.exists()
        self._document = tomlkit.document()
        if not self.is_new:
            read_answers(path)
            self._document = tomlkit.parse(path.read_text(encoding="utf-8-sig"))

    @property
    def file(self) -> AnswersFile:
        """The answers as they stand."""
        return parse_answers(self._document.unwrap(), str(self.path))

    @property
    def answered(self) -> dict[str, str]:
        """What was answered, *unknown* included; a template in which nothing was filled in counts as unanswered."""
        said = {key: value for key, value in self._document["answers"].unwrap().items() if key in KEYS}
        return {} if set(said.values()) == {"unknown"} and len(said) == len(KEYS) else said

    def begin(self, title: str, draft_id: str) -> None:
        """Starts a new file."""
        self._document.update({"schema": SCHEMA, "id": draft_id, "title": title})
        self._document["answers"] = tomlkit.table()
        self._save()
        self.is_new = False

    def answer(self, question: str, value: str) -> None:
        """Records one answer."""
        self._put("answers", question, value)

    def fill(self, answers: Mapping[str, str], notes: Mapping[str, str]) -> None:
        """Records several answers and notes in one writing; what is noted already keeps its note."""
        for name, values in (("answers", answers), ("notes", notes)):
            if values:
                table = self._table(self._document, name)
                for key, value in values.items():
                    if name == "answers" or key not in table:
                        table[key] = value
        self._save()

    def note(self, question: str, text: str) -> None:
        """Records why a question was answered as it was; an empty text removes the note."""
        self._put("notes", question, text.strip() or None)

    def plane(self, plane: str, status: str, until: str | None = None, reason: str | None = None) -> None:
        """Records a decision on a control plane."""
        planes = self._table(self._document, "planes", super_table=True)
        planes[plane] = tomlkit.item({k: v for k, v in (("status", status), ("until", until), ("reason", reason)) if v})
        self._save()

    def sign(self, name: str, role: str, date: str) -> None:
        """Records the sign-off of the spine."""
        for key, value in (("name", name), ("role", role), ("date", date)):
            self._table(self._document, "sign_off")[key] = value
        self._save()

    def _put(self, table: str, key: str, value: str | None) -> None:
        holder = self._table(self._document, table)
        if value is None:
            holder.pop(key, None)
        else:
            holder[key] = value
        self._save()

    @staticmethod
    def _table(holder: tomlkit.TOMLDocument, name: str, super_table: bool = False) -> Table:
        if name not in holder:
            holder[name] = tomlkit.table(is_super_table=super_table)
        table = holder[name]
        assert isinstance(table, Table)
        return table

    def _save(self) -> None:
        write_atomically(self.path, tomlkit.dumps(self._document))


def id_from(title: str) -> str:
    """A plain id proposed from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:60].strip("-") or "workload"
