"""The Compose file of the Citus cluster. No Docker runs here, so it is read and not started."""

from typing import Any

import yaml

from tests.deployment.files import ROOT

FILE: dict[str, Any] = yaml.safe_load((ROOT / "ops/citus/docker-compose.yml").read_text())
NODES = ("coordinator", "worker-1", "worker-2")


def test_a_coordinator_and_two_workers_run_the_same_pinned_image() -> None:
    services = FILE["services"]
    assert set(services) == {*NODES, "cluster"}
    (image,) = {service["image"] for service in services.values()}
    assert not image.endswith(":latest")


def test_nothing_of_the_workers_is_open_to_the_outside_and_the_coordinator_to_this_machine_only() -> None:
    ports = {name: FILE["services"][name].get("ports", []) for name in NODES}
    assert ports == {"coordinator": ["127.0.0.1:5433:5432"], "worker-1": [], "worker-2": []}


def test_the_cluster_is_told_of_every_node_when_all_are_healthy() -> None:
    cluster = FILE["services"]["cluster"]
    assert all(f"'{name}'" in cluster["command"] for name in NODES)
    assert {name: cluster["depends_on"][name]["condition"] for name in NODES} == dict.fromkeys(NODES, "service_healthy")


def test_each_node_keeps_its_data_in_a_volume_of_its_own() -> None:
    assert {name: FILE["services"][name]["volumes"] for name in NODES} == {
        name: [f"{name}:/var/lib/postgresql/data"] for name in NODES
    }
    assert set(FILE["volumes"]) == set(NODES)
