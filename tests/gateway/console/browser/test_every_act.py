"""What acts there are, the console's own routes say: a new one fails here until it has a journey, in
the file of its noun in `journeys/`. No browser is needed to see that.
"""

from tests.gateway.console.browser.journey import act_of, acts
from tests.gateway.console.browser.journeys.every import JOURNEYS


def test_every_act_of_the_console_has_a_journey():
    gone = {act for journey in JOURNEYS for act in journey.does}

    assert acts() - gone == set(), "an act without a journey: add one in journeys/"
    assert gone - acts() == set(), "a journey to an act that is no more"


def test_each_journey_has_a_name_of_its_own():
    names = [journey.name for journey in JOURNEYS]

    assert sorted(set(names)) == sorted(names)


def test_what_a_form_was_sent_to_is_known_by_its_address():
    assert act_of("/partners/kr-aeo/pause") == "/partners/{code}/pause"
    assert act_of("/batches/7") is None  # it only looks
