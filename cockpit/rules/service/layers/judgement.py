"""Whether a file may import what it imports; if not, which way is open to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.providers.globs import matching
from cockpit.rules.service.layers.chains import Graph, told
from cockpit.rules.service.layers.edges import Edge
from cockpit.rules.service.layers.places import Place, Places
from cockpit.rules.types import Hit, Rule
from cockpit.rules.types.bodies import LayersBody, Package

_ENTRANCES = ("__init__", "index", "mod", "lib", "main", "package-info", "doc")

_CHAINS_LIMIT = 25
"""Objections of one rule that are told with their chains; there are others to begin with."""

Objection = tuple[str, str]
"""What speaks against an import, and what to do instead."""


def layer_hits(
    rule: Rule, body: LayersBody, edges: Iterable[Edge], paths: Iterable[str], graph: Graph | None = None
) -> Iterator[Hit]:
    """Yield what the rule objects to.

    Args:
        rule: the rule.
        body: what it says.
        edges: the direct imports of the files that are looked at.
        paths: source files that are looked at, for those whose name says no layer.
        graph: the imports of all files, of which objections tell chains; None: no chains are told.
    """
    places = Places(body)
    if body.is_strict:
        for path in paths:
            yield from _unplaced(rule, body, path, places.of(path))
    count = 0
    for edge in edges:
        if edge.is_for_types and not body.counts_type_imports:
            continue
        if objection := _objection(body, edge, places):
            why, instead = objection
            chains = told(edge, graph) if graph is not None and count < _CHAINS_LIMIT else []
            count += 1
            yield Hit(
                rule=rule.id,
                path=edge.importer,
                line=edge.line,
                text=edge.imported or edge.module,
                message=f"{why}: {rule.message}" if rule.message else why,
                note="\n".join(filter(None, (instead, *chains, rule.note))),
            )


def _unplaced(rule: Rule, body: LayersBody, path: str, place: Place) -> Iterator[Hit]:
    stem = path.rpartition("/")[2].partition(".")[0]
    if place.domain is not None and not place.layer and stem not in _ENTRANCES:
        order = ", ".join(body.order)
        note = f"Name it, or the folder it is in, after its layer: {order}."
        why = "the file is in no layer of its domain"
        yield Hit(rule=rule.id, path=path, line=1, text=path, message=why, note=note)


def _objection(body: LayersBody, edge: Edge, places: Places) -> Objection | None:
    place = places.of(edge.importer)
    if not edge.imported:
        return _calm(body, place, edge.module) if place.domain is not None else None
    target = places.of(edge.imported)
    if place.domain is not None:
        return _in_domain(body, edge, place, target)
    if place.package is not None:
        return _in_package(body, edge, place.package, target)
    return None


def _in_domain(body: LayersBody, edge: Edge, place: Place, target: Place) -> Objection | None:
    what = f"{_name(place)} imports {edge.imported}"
    if target.is_provider:
        if place.layer not in body.without_providers:
            return None
        later = ", ".join(layer for layer in body.order if layer not in body.without_providers)
        way = f"{place.layer} stays free of providers. Let {later} use it and hand the result in."
        return f"{what}, a provider", way
    if target.domain == place.domain:
        return _within(body, what, place, target)
    if target.layer in body.across:
        return None
    if target.domain is not None:
        allowed = ", ".join(body.across) or "nothing"
        way = "Let whoever composes the domains hand in the rest, as a parameter or behind an interface in types."
        return f"{what}, {_name(target)}", f"Of another domain only {allowed} may be imported. {way}"
    if body.is_strict or target.package is not None:
        return f"{what}, which is outside the domains", "Let whoever composes this domain hand it in."
    return None


def _within(body: LayersBody, what: str, place: Place, target: Place) -> Objection | None:
    if not place.layer or not target.layer or body.order.index(target.layer) <= body.order.index(place.layer):
        return None
    way = f"Let {target.layer} call {place.layer}: take what is needed as a parameter, or move the code to the left."
    return f"{what}, {_name(target)}", f"{place.layer} stands left of {target.layer}. {way}"


def _in_package(body: LayersBody, edge: Edge, package: Package, target: Place) -> Objection | None:
    if target.package is package or matching([edge.imported], package.files):
        return None
    words = [one.removeprefix("@") for one in package.may if one.startswith("@")]
    if target.layer and ("any" in words or target.layer in words):
        return None
    globs = [one for one in package.may if not one.startswith("@")]
    if globs and matching([edge.imported], globs):
        return None
    allowed = ", ".join(package.may) or "nothing of this repository"
    return f"{package.files[0]} imports {edge.imported}", f"Besides itself it may import {allowed}. Hand the rest in."


def _calm(body: LayersBody, place: Place, module: str) -> Objection | None:
    for calm in body.calm:
        if place.layer in calm.layers and any(_is_below(module, one) for one in calm.modules):
            instead = calm.instead or f"Keep {module} out of {', '.join(calm.layers)}."
            return f"{_name(place)} imports {module}", instead
    return None


def _is_below(module: str, package: str) -> bool:
    module = module.removeprefix("node:")
    return module == package or module.startswith((f"{package}.", f"{package}/", f"{package}::"))


def _name(place: Place) -> str:
    folder = (place.domain or "").rpartition("/")[2]
    return " of ".join(filter(None, (place.layer, folder))) or "the domain"
