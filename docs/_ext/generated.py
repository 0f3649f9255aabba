"""Sphinx directives that make reference tables from their sources, so that no page repeats what the code says.

``parameter-table``    fields of NetworkParameters
``rule-overview``      every rule of the registry
``rule-table``         the parameters of each of them
``command-reference``  every command with its arguments and options
``result-tables``      every group of results/reference/*.json

It also resolves names in docstrings: ``spikeprune.training.Run`` is documented as ``spikeprune.Run``.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from typer.main import get_command

import spikeprune
from spikeprune import NetworkParameters
from spikeprune.cli import app as command_line
from spikeprune.pruning import RULES

ROOT = Path(__file__).parents[2]
RANGES = {"any": "", "positive": "> 0", "not negative": "≥ 0", "share": "0 to 1"}
#: Docstrings are reStructuredText, these pages Markdown.
ROLE = re.compile(r":\w+:`~?(?:[^`<]*\.)?([^`.<>]+)`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    for cells in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") or " " for cell in cells) + " |"
    yield ""


def markdown(text: str) -> str:
    """A sentence of a docstring as Markdown."""
    return ROLE.sub(r"`\1`", " ".join(text.split())).replace("``", "`")


def parameter_rows(kind: Any) -> Iterator[list[str]]:
    """Name, default, unit, meaning, range and source of each field of a parameter dataclass."""
    for entry in fields(kind):
        facts = entry.metadata
        default = str(entry.default)
        if isinstance(entry.default, bool):
            default = default.lower()
        elif isinstance(entry.default, float):
            default = f"{entry.default:g}"
        elif isinstance(entry.default, Mapping):
            default = ", ".join(entry.default) or "none"
        unit, allowed = facts.get("unit", "1"), facts.get("allowed", "any")
        source = re.sub(r"\[(\d)\]", r"\[\1\]", facts.get("source", ""))
        yield [
            f"`{entry.name}`", default, "" if unit == "1" else unit, markdown(facts.get("meaning", "")),
            RANGES.get(allowed, allowed), source,
        ]  # fmt: skip


PARAMETERS = ("name", "default", "unit", "meaning", "range", "source")


def parameters() -> Iterator[str]:
    """Every constant of the network."""
    yield from table(PARAMETERS, parameter_rows(NetworkParameters))


def class_of(rule: Any) -> str:
    """The class of a rule, linked where it is documented."""
    name = rule.__name__
    return f"{{py:class}}`spikeprune.{name}`" if name in spikeprune.__all__ else f"`{name}`"


def summary(rule: Any) -> str:
    """The first sentence of a rule's docstring."""
    return markdown((inspect.getdoc(rule) or "").split("\n\n")[0])


def rule_overview() -> Iterator[str]:
    """What rules there are."""
    yield from table(
        ("`--rule`", "what it does"), ([f"[`{name}`](#rule-{name})", summary(rule)] for name, rule in RULES.items())
    )


def pruning_rules() -> Iterator[str]:
    """Each rule with its parameters."""
    for name, rule in RULES.items():
        yield from (f"(rule-{name})=", f"## {name}", "", summary(rule), "")
        yield from (f"Class {class_of(rule)}, module `{rule.__module__}`.", "")
        if fields(rule):
            yield from table(PARAMETERS, parameter_rows(rule))
        else:
            yield from ("It has no parameters.", "")


def commands() -> Iterator[str]:
    """Every command as its own help says it."""
    group: Any = get_command(command_line)
    for name, command in group.commands.items():
        context = command.make_context(f"spikeprune {name}", [], resilient_parsing=True)
        yield from (f"(command-{name})=", f"## spikeprune {name}", "", inspect.cleandoc(command.help or ""), "")
        yield from ("```text", command.get_usage(context).removeprefix("Usage: "), "```", "")
        for kind, head in (("argument", ("argument", "meaning")), ("option", ("option", "meaning"))):
            records = [each.get_help_record(context) for each in command.params if each.param_type_name == kind]
            rows = [[f"`{names}`", markdown(text)] for names, text in filter(None, records)]
            if rows:
                yield from table(head, rows)


def results() -> Iterator[str]:
    """Every group of every reference file of a sweep."""
    for path in sorted((ROOT / "results" / "reference").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if "groups" not in document:
            continue
        yield from (f"(results-{path.stem})=", f"## {path.stem}", "", f"{document['description']}.", "")
        yield from table(
            ("data", "neurons", "rule", "seeds", "accuracy, %", "removed, %", "training SOPs", "inference SOPs"),
            (_group(group) for group in document["groups"]),
        )
        commits = sorted({entry["commit"][:7] for entry in _listed(document["provenance"])})
        origin = f"{document['runs']} runs of commit{'s' * (len(commits) > 1)} {', '.join(commits)}"
        yield from (f"`{document['command']}`; {origin}; `results/reference/{path.name}`.", "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _group(group: dict[str, Any]) -> list[str]:
    values, paired = group["values"], group.get("against_none", {})

    def spread(of: dict[str, Any], form: str) -> str:
        return f"{of['mean']:{form}}" + (f" ± {of['sd']:{form.lstrip('+')}}" if of.get("sd") is not None else "")

    def operations(name: str) -> str:
        change = paired.get(name)
        return f"{values[name]['mean'] / 1e3:,.0f} k" + (f" ({_sign(change['mean'], '+.1f')} %)" if change else "")

    accuracy = spread(values["accuracy"], ".2f")
    if "accuracy" in paired:
        accuracy += f" ({spread(paired['accuracy'], '+.2f').replace('-', '−')})"
    return [
        group["data"], str(group["neurons"]), group["label"], str(group["n"]), accuracy,
        f"{100 * values['removed_share']['mean']:.1f}", operations("training.training_sops"),
        operations("inference.inference_sops"),
    ]  # fmt: skip


def _sign(value: float, form: str) -> str:
    return f"{value:{form}}".replace("-", "−")


def directive(made: Callable[[], Iterator[str]]) -> type[SphinxDirective]:
    """A directive without arguments that stands for the Markdown that `made` yields."""

    class Made(SphinxDirective):
        def run(self) -> list[nodes.Node]:
            return self.parse_text_to_nodes("\n".join(made()), allow_section_headings=True)

    return Made


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Node) -> nodes.Node | None:
    """Find what a docstring names: under its documented name, else, without a link, in the code.

    A name that is nowhere stays unresolved, which nitpicky mode reports.
    """
    if node.get("refdomain") != "py":
        return None
    domain: Any = env.get_domain("py")
    target = node["reftarget"]
    owner, _, tail = target.rpartition(".")
    named = [name for name in domain.objects if name == tail or name.endswith(f".{tail}")]
    around = [node.get("py:class"), node.get("py:module")]
    near = [name for scope in around if scope for name in named if name.startswith(f"{scope}.")]
    member = [name for name in named if owner and name.endswith(f"{owner.rpartition('.')[2]}.{tail}")]
    public = [name for name in named if name == f"spikeprune.{tail}"]
    for name in (*public, *member, *(near if len(set(near)) == 1 else [])):
        return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], name, node, text)
    return text if is_there(target) else None


def is_there(name: str) -> bool:
    """Whether the package has something of that name."""
    module, _, attribute = name.rpartition(".")
    if name.partition(".")[0] != "spikeprune":
        return False
    try:
        import_module(name)
    except ImportError:
        return bool(module) and module in sys.modules and hasattr(sys.modules[module], attribute)
    return True


def skip(app: Sphinx, what: str, name: str, found: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out what scikit-learn writes into every estimator, with links into its own pages."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    made = {
        "parameter-table": parameters, "rule-overview": rule_overview, "rule-table": pruning_rules,
        "command-reference": commands, "result-tables": results,
    }  # fmt: skip
    for name, function in made.items():
        app.add_directive(name, directive(function))
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("missing-reference", resolve)
    app.connect("autodoc-skip-member", skip)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
