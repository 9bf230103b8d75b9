"""What is measured: each scenario is a list of templates, made anew for each run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.floors import ROUTES, UNGUARDED
from bench.load import NUMBER, WORD, Template
from bench.shop import FREE_FORM_BODY, JSON, PAGE, PEOPLE, Shop, lines_body, sign_in_form

WEB = "web"
WARM_POOL = 500
# Orders made ready for each second of a run; should they not suffice, the report says so.
COLD_A_SECOND = 4000
CHANGED_A_SECOND = 1000
CANCELLED_A_SECOND = 3000
STEPS = ("confirmed", "processing", "packed", "shipped")
Prepare = Callable[[Shop, int], list[Template]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`prepare(shop, seconds)` gives the templates of a run. `served_by` names a process of the stack. `writes`: leaves
    work to worker and consumer. `alone`: these stand still meanwhile, and what they do later does not count.
    `uses_up`: a second request for the same order would not be the same."""

    name: str
    title: str
    prepare: Prepare
    floor: str | None = None
    served_by: str = WEB
    writes: bool = False
    alone: bool = False
    uses_up: bool = False


def _token_and_cache(shop: Shop, _: int) -> list[Template]:
    label = _warm(shop)
    return [Template("GET", f"/token-and-cache/{label}{NUMBER}", shop.staff, pool=WARM_POOL)]


def _bare_create(_shop: Shop, _: int) -> list[Template]:
    return [Template("POST", "/create")]


def _create_by_libraries(shop: Shop, _: int) -> list[Template]:
    return [Template("POST", "/create-by-libraries", {**shop.staff, **JSON}, lines_body(shop.label()))]


def _bare_list(_shop: Shop, _: int) -> list[Template]:
    return [Template("GET", "/list")]


def _get_warm(shop: Shop, _: int) -> list[Template]:
    return [Template("GET", f"/orders/{_warm(shop)}{NUMBER}", shop.staff, pool=WARM_POOL)]


def _get_304(shop: Shop, _: int) -> list[Template]:
    headers = {**shop.staff, "If-None-Match": '"1"'}
    return [Template("GET", f"/orders/{_warm(shop)}{NUMBER}", headers, pool=WARM_POOL)]


def _get_cold(shop: Shop, seconds: int) -> list[Template]:
    count = COLD_A_SECOND * seconds
    label = shop.pool("cold", count)
    shop.forget(label, count)
    return [Template("GET", f"/orders/{label}{NUMBER}", shop.staff, pool=count)]


def _warm(shop: Shop) -> str:
    """Orders that are in the cache now."""
    label = shop.pool("warm", WARM_POOL)
    shop.send_all(Template("GET", f"/orders/{label}{NUMBER}", shop.staff, pool=WARM_POOL))
    return label


def _create_with_key(shop: Shop, _: int) -> list[Template]:
    label = shop.label()
    return [Template("POST", "/orders", {**shop.staff, **JSON, "Idempotency-Key": label + NUMBER}, lines_body(label))]


def _create(shop: Shop, _: int) -> list[Template]:
    return [Template("POST", "/orders", {**shop.staff, **JSON}, lines_body(shop.label()))]


def _create_free_form(shop: Shop, _: int) -> list[Template]:
    return [Template("POST", "/orders", {**shop.buyer, **JSON}, FREE_FORM_BODY)]


def _list(shop: Shop, _: int) -> list[Template]:
    return [Template("GET", f"/orders?limit={PAGE}", shop.staff)]


def _list_deep(shop: Shop, _: int) -> list[Template]:
    return [Template("GET", shop.deep_page, shop.staff)]


def _list_numbered(shop: Shop, _: int) -> list[Template]:
    return [Template("GET", f"/orders/user/{shop.owner_id}?page=1&page_size={PAGE}", shop.owner)]


def _patch(shop: Shop, seconds: int) -> list[Template]:
    return [_step(shop, CHANGED_A_SECOND * seconds)]


def _step(shop: Shop, count: int) -> Template:
    """All orders one step on, then all of them the next."""
    path, body = f"/orders/{shop.copies(count)}{NUMBER}", f'{{"status": "{WORD}"}}'
    return Template("PATCH", path, {**shop.staff, **JSON}, body, count, STEPS)


def _cancel(shop: Shop, seconds: int) -> list[Template]:
    count = CANCELLED_A_SECOND * seconds
    return [Template("PUT", f"/orders/{shop.copies(count)}{NUMBER}/cancel", shop.staff, pool=count)]


def _sign_in(_shop: Shop, _: int) -> list[Template]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return [Template("POST", "/auth/token", headers, sign_in_form(), pool=PEOPLE)]


def _mixed(shop: Shop, seconds: int) -> list[Template]:
    [read], [listed], [created] = _get_warm(shop, seconds), _list(shop, seconds), _create_with_key(shop, seconds)
    changed = _step(shop, CHANGED_A_SECOND * seconds // 20)
    shares = ((read, 70), (listed, 20), (created, 8), (changed, 2))
    return [replace(template, weight=share) for template, share in shares]


MIXED = Scenario("mixed", "mixed 70/20/8/2", _mixed, writes=True)
_PAUSED = "worker and consumer paused: "
SCENARIOS: Sequence[Scenario] = (
    Scenario("F", "floor F: bare route, JWT and one Redis GET", _token_and_cache, served_by=ROUTES),
    Scenario("get-warm", "GET an order, warm", _get_warm, floor="F"),
    Scenario("U", "the same without logging, metrics, limiter, auth", _get_warm, served_by=UNGUARDED),
    Scenario("get-304", "GET an order, 304", _get_304, floor="F"),
    Scenario("get-cold", "GET an order, cold", _get_cold, uses_up=True),
    Scenario("S", "floor S: bare route, the creating SQL", _bare_create, served_by=ROUTES),
    Scenario("P", "floor P: S with JWT, Redis twice and marshmallow", _create_by_libraries, "S", served_by=ROUTES),
    Scenario("create-alone", _PAUSED + "create, Idempotency-Key", _create_with_key, "S", writes=True, alone=True),
    Scenario("create-key", "create, 5 lines, Idempotency-Key", _create_with_key, floor="S", writes=True),
    Scenario("create", "create, 5 lines", _create, floor="S", writes=True),
    Scenario("create-b", "create, free-form", _create_free_form, writes=True),
    Scenario("patch-alone", _PAUSED + "PATCH status", _patch, "create-alone", writes=True, alone=True, uses_up=True),
    Scenario("patch", "PATCH status", _patch, floor="create-key", writes=True, uses_up=True),
    Scenario("cancel", "cancel", _cancel, writes=True, uses_up=True),
    Scenario("L", "floor L: bare route, the list's query and one MGET", _bare_list, served_by=ROUTES),
    Scenario("list", "list of 20, first page", _list, floor="L"),
    Scenario("list-deep", "list of 20, page 50", _list_deep, floor="L"),
    Scenario("list-b", "list of 20, numbered", _list_numbered, floor="L"),
    Scenario("login", "login", _sign_in),
    MIXED,
)
