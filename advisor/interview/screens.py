"""The two ways to ask: a full screen with single keys (questionary), and plain lines for screen readers.

Nothing here is specific to POSIX; Windows consoles are meant to work and were not tested.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from advisor.errors import printable
from advisor.interview.view import KEYS_HELP, LETTERS, QuestionView, body

if TYPE_CHECKING:
    from questionary import Style

Check = Callable[[str], str | None]


class Leave(Exception):
    """The user wants to stop here; everything answered is on disk."""


class Screen(Protocol):
    """What the interview needs of a screen. Each method raises Leave when the user wants to stop."""

    def question(self, view: QuestionView, panel: Sequence[tuple[str, str]], remarks: Sequence[str]) -> str:
        """Asks a question: one of its options, or back, note, help, save."""

    def gate(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:
        """Shows a step's artifact: go or back."""

    def text(self, label: str, default: str, check: Check) -> str:
        """Asks for a line of text; `check` gives a complaint or None."""

    def choose(self, label: str, options: Sequence[str]) -> str:
        """Asks for one of a few options; the first is the default."""

    def say(self, lines: Sequence[str]) -> None:
        """Shows lines and goes on."""

    def help(self, view: QuestionView) -> None:
        """Shows all there is to a question."""

    def symptom(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:
        """Asks whether something is seen: yes, no, unknown or back."""


def everything(view: QuestionView) -> list[str]:
    """A question with nothing left out."""
    lines = [view.wording, view.help]
    lines += [f"{name}: {text}" for name, text in view.examples]
    lines += [view.changes, *(f"{value} now: {text}" for value, text in view.effects)]
    return [*lines, *([f"Note: {view.note}"] if view.note else [])]


class PlainScreen:
    """Linear text and line input: no panel, no redraw, no cursor movement."""

    def question(self, view: QuestionView, panel: Sequence[tuple[str, str]], remarks: Sequence[str]) -> str:  # noqa: D102
        self.say(remarks)
        print(f"\n{view.heading}.")
        self.say(everything(view))
        if view.answer:
            print(f"Answered before: {view.answer}.")
        letters = {LETTERS[option]: option for option in view.options}
        keys = {"b": "back", "t": "note", "?": "help", "w": "save", "q": "leave"}
        offer = ", ".join(f"{letter} {option}" for letter, option in letters.items())
        return self._one_of(f"{offer}; {KEYS_HELP.replace('   ', ', ')}", {**letters, **keys}, view.answer)

    def gate(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:  # noqa: D102
        print(f"\n{heading}")
        self.say(lines)
        return self._one_of("g go on, b back, q leave", {"g": "go", "b": "back", "q": "leave"}, "go")

    def text(self, label: str, default: str, check: Check) -> str:  # noqa: D102
        while True:
            said = self._input(f"{label}{f' [{printable(default)}]' if default else ''}: ").strip() or default
            complaint = check(said)
            if complaint is None:
                return said
            print(complaint)

    def choose(self, label: str, options: Sequence[str]) -> str:  # noqa: D102
        numbered = {str(number): option for number, option in enumerate(options, 1)}
        offer = ", ".join(f"{number} {option}" for number, option in numbered.items())
        return self._one_of(f"{label} {offer}", numbered, options[0])

    def say(self, lines: Sequence[str]) -> None:  # noqa: D102
        for line in lines:
            print(printable(line))

    def help(self, view: QuestionView) -> None:  # noqa: D102
        self.say(everything(view))

    def symptom(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:  # noqa: D102
        print(f"\n{heading}.")
        self.say([*lines, *(f"{label}: {value}" for label, value in panel)])
        keys = {"y": "yes", "n": "no", "u": "unknown", "b": "back", "q": "leave"}
        return self._one_of("y yes, n no, u unknown; b back, q end here", keys, None)

    def _one_of(self, offer: str, keys: dict[str, str], default: str | None) -> str:
        while True:
            said = self._input(f"{offer}: ").strip().casefold()
            chosen = keys.get(said) or (said if said in keys.values() else None) or (default if not said else None)
            if chosen == "leave":
                raise Leave
            if chosen:
                return chosen
            print(f"{printable(said)!r} is none of these." if said else "Please choose one.")

    @staticmethod
    def _input(prompt: str) -> str:
        try:
            return input(prompt)
        except (EOFError, KeyboardInterrupt):
            print()
            raise Leave from None


class FullScreen:
    """One question a screen, answered with a single key or the arrows; the record grows in a panel on top."""

    def __init__(self, color: bool) -> None:
        """Args: color: Whether to use colours; the layout never depends on them."""
        self._color = color

    def question(self, view: QuestionView, panel: Sequence[tuple[str, str]], remarks: Sequence[str]) -> str:  # noqa: D102
        width, height = shutil.get_terminal_size()
        # Below the text: a blank line, the prompt line, the options, and a spare line for the cursor.
        room = height - 4 - len(remarks) - (len(view.options) + 4)
        self._draw(view.heading, panel, [*remarks, *body(view, min(width, 100) - 2, room)])
        options = {LETTERS[option]: option for option in view.options}
        keys = {"b": "back", "t": "note", "?": "help", "w": "save", "q": "leave"}
        return self._keyed(KEYS_HELP, options, keys, view.answer)

    def gate(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:  # noqa: D102
        self._draw(heading, panel, lines)
        return self._keyed("", {"g": "go"}, {"b": "back", "q": "leave"}, "go")

    def text(self, label: str, default: str, check: Check) -> str:  # noqa: D102
        import questionary

        asked = questionary.text(
            label, default=default, validate=lambda said: check(said.strip()) or True, style=self._style()
        )
        return str(self._ask(asked)).strip()

    def choose(self, label: str, options: Sequence[str]) -> str:  # noqa: D102
        import questionary

        return str(self._ask(questionary.select(label, choices=list(options), style=self._style(), instruction=" ")))

    def say(self, lines: Sequence[str]) -> None:  # noqa: D102
        for line in lines:
            print(printable(line))

    def help(self, view: QuestionView) -> None:  # noqa: D102
        self._draw(view.heading, [], everything(view))
        self._keyed("", {"g": "go back to the question"}, {"q": "leave"}, None)

    def symptom(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:  # noqa: D102
        self._draw(heading, panel, lines)
        options = {"y": "yes", "n": "no", "u": "unknown"}
        return self._keyed("b back   q end here", options, {"b": "back", "q": "leave"}, None)

    def _draw(self, heading: str, panel: Sequence[tuple[str, str]], lines: Sequence[str]) -> None:
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, markup=False, no_color=not self._color, emoji=False)
        console.clear()
        console.print(Text(printable(heading), style="bold"))
        if panel:
            shown = [
                part for label, value in panel[:-1] for part in ((f"{label} ", "dim"), (value, "bold"), ("   ", ""))
            ]
            console.print(Text.assemble(*shown), no_wrap=True, overflow="ellipsis")
            console.print(Text.assemble((f"{panel[-1][0]} ", "dim"), panel[-1][1]), no_wrap=True, overflow="ellipsis")
        console.print(Text("─" * min(console.width, 100), style="dim"))
        for line in lines:
            console.print(Text(printable(line)))
        console.print()

    def _keyed(self, message: str, options: dict[str, str], keys: dict[str, str], default: str | None) -> str:
        """A questionary select in which each option and command also has a key of its own."""
        import questionary
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings

        choices = [questionary.Choice(f"{letter}  {option}", value=option) for letter, option in options.items()]
        chosen = next((choice for choice in choices if choice.value == default), None)
        asked = questionary.select(
            message,
            choices=choices,
            default=chosen,
            qmark="",
            instruction=" ",
            pointer=">",
            style=self._style(),
        )
        bindings = KeyBindings()

        def bind(key: str, value: str) -> None:
            @bindings.add(key, eager=True)
            def _(event: KeyPressEvent) -> None:
                event.app.exit(result=value)

        for key, value in {**options, **keys}.items():
            bind(key, value)
        own = asked.application.key_bindings
        asked.application.key_bindings = merge_key_bindings([each for each in (own, bindings) if each])
        said = str(self._ask(asked))
        if said == "leave":
            raise Leave
        return "go" if said.startswith("go") else said

    @staticmethod
    def _ask(asked: object) -> object:
        try:
            return asked.unsafe_ask()  # type: ignore[attr-defined]
        except (EOFError, KeyboardInterrupt):
            raise Leave from None

    def _style(self) -> Style:
        from questionary import Style

        if self._color:
            return Style([("pointer", "bold"), ("highlighted", "bold"), ("answer", "bold")])
        plain = "noinherit"
        return Style(
            [
                (name, plain)
                for name in (
                    "qmark",
                    "question",
                    "answer",
                    "pointer",
                    "highlighted",
                    "selected",
                    "instruction",
                    "text",
                )
            ]
        )
