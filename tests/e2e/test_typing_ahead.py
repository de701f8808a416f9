"""People type ahead, and slow links deliver a sentence in one piece: every key finds what the one before it opened."""

from __future__ import annotations

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.model import done, rule, say, writes
from tests.e2e.place import Place

_WORDS = "undo all rows, quit waiting, zoom and Discard"


def test_what_is_typed_in_one_piece_reaches_the_box_and_not_the_keys_of_the_fleet(place: Place) -> None:
    rules = [rule("any", say("", writes("done.txt", "done\n")), done("Done."))]
    place.commit({"cockpit.toml": shop.settings(place.script(rules), shop.marker_check())})
    fleet = Fleet.attach(place.terminal())
    fleet.terminal.type(f"n{_WORDS}\r")
    fleet.terminal.press("escape")
    fleet.session(_WORDS[:14]).expect("ready")
    fleet.terminal.expect(_WORDS).index("next waiting")
    fleet.terminal.type("Dnot now, thanks\r")
    fleet.session(_WORDS[:14]).expect("rejected")
    fleet.terminal.expect("not now, thanks")
    fleet.terminal.type("u")
    fleet.session(_WORDS[:14]).expect("ready")
