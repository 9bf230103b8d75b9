from xml.etree import ElementTree

from tests.soak.plot import svg
from tests.soak.series import QUANTITIES, Quantity, table, verdict

KEYS = Quantity("keys", "", 5)


def test_what_wavers_is_flat() -> None:
    assert verdict(KEYS, [100, 120, 90, 130, 100, 110, 125, 95, 115]).flat


def test_what_grows_to_its_level_is_flat_and_what_goes_on_growing_is_not() -> None:
    grown = verdict(KEYS, [0, 10, 20, 100, 100, 100, 100, 101, 100])
    growing = verdict(KEYS, [10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert (grown.thirds, grown.flat) == ((10, 100, 100), True)
    assert (growing.thirds, growing.flat) == ((20, 50, 80), False)
    assert [line.split(" | ")[-1] for line in table([grown, growing]).splitlines()[2:]] == ["flat |", "GROWS |"]


def test_one_spike_is_no_growth() -> None:
    assert verdict(KEYS, [10, 10, 10, 10, 10, 10, 10, 9000, 10]).flat


def test_the_picture_has_a_curve_of_every_quantity_and_is_well_formed() -> None:
    samples = [{quantity.name: float(at) for quantity in QUANTITIES} for at in range(3)]
    found = ElementTree.fromstring(svg([0.0, 2.0, 4.0], samples, 1.0))  # noqa: S314 - our own text
    curves = found.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(curves) == len(QUANTITIES)
    assert curves[0].attrib["points"] == "10.0,118.0 130.0,73.0 250.0,28.0"
