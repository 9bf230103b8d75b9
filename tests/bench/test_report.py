"""What `make bench` makes of its runs."""

import pytest

from bench import report
from bench.memory import Size
from bench.results import Results
from bench.runs import Run
from bench.targets import judge


def runs(scenario: str, *rates: float, connections: int = 16, cpu: float = 1.0) -> list[Run]:
    return [
        Run(scenario, connections, repeat, rate, 10.0, 20.0, requests=1000, cpu={"web": cpu, "postgres": cpu})
        for repeat, rate in enumerate(rates)
    ]


def test_a_ratio_is_the_median_of_the_ratios_within_each_round() -> None:
    results = Results({}, [*runs("F", 1000, 100, 2000), *runs("get-warm", 500, 80, 600)])
    assert results.ratio("get-warm", "F", 16) == 0.5


def test_a_ratio_by_cpu_takes_all_processes_together() -> None:
    results = Results({}, [*runs("F", 1000, cpu=0.2), *runs("get-warm", 1, cpu=0.8)])
    assert results.cpu_ratio("get-warm", "F", 16) == pytest.approx(0.25)


def test_a_target_is_reached_only_at_every_number_of_connections() -> None:
    good = [*runs("F", 1000), *runs("get-warm", 800)]
    bad = [*runs("F", 1000, connections=64), *runs("get-warm", 700, connections=64)]
    assert [target.reached for target in judge(Results({}, good)) if "/ F" in target.what] == [True]
    assert [target.reached for target in judge(Results({}, good + bad)) if "/ F" in target.what] == [False]


@pytest.mark.parametrize(("last", "reached"), [(105.0, True), (120.0, False), (151.0, False)])
def test_memory_has_to_be_small_and_flat(last: float, reached: bool) -> None:
    sizes = [Size(1000, 90.0), Size(2000, 100.0), Size(3000, last)]
    assert [target.reached for target in judge(Results({}, sizes=sizes))] == [reached]


def test_a_run_that_met_too_few_orders_says_so() -> None:
    [run] = runs("get-cold", 1000)
    assert "too few orders" not in report.markdown(Results({}, [run]), "")
    exhausted = Run("get-cold", 16, 0, 1000, requests=1, exhausted=True)
    assert "too few orders" in report.markdown(Results({}, [exhausted]), "")


def test_the_tables_take_the_place_of_the_former_ones() -> None:
    document = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    assert report.put_into(document, "new") == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    with pytest.raises(LookupError):
        report.put_into("no marks", "new")
